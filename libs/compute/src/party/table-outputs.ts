/**
 * Outputs below a party's folder never replace a file that their task did not write. The party owns that folder: a
 * source table, or the output of another task, stays as it is.
 *
 * A record per output lies with the task's artifacts, where no parameter leads: tasks can neither write nor forge it.
 * It holds the size and time of the file that the task is about to publish. A retry or rerun of the task replaces the
 * file only while it fits its record, so what the party has put there since stays too. The record goes with the chain.
 */
import { createHash } from 'node:crypto';
import { lstat, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { TaskFailure } from '../contract/task-type.js';
import type { FileRoots } from './input-files.js';

/** Names the output for messages, and the file that records it. */
export interface TableOutput {
  readonly party: string;
  /** The path as the task's parameters give it. */
  readonly target: string;
  readonly record: string;
}

interface Claim {
  readonly temporary: string;
  readonly final: string;
  readonly table: TableOutput;
}

/** The output at `path`, relative to the party's folder. */
export function tableOutput(roots: FileRoots, target: string, path: string): TableOutput {
  const name = createHash('sha256').update(path).digest('hex').slice(0, 32);
  const folder = join(resolve(roots.artifactRoot), roots.chainId, roots.taskId, roots.party);
  return { party: roots.party, target, record: join(folder, `.output-${name}.json`) };
}

/** Throws TaskFailure OUTPUT_EXISTS where `final` exists and is no earlier output of this task. */
export async function refuseToReplace(final: string, table: TableOutput): Promise<void> {
  const found = await lstat(final).catch(() => undefined);
  if (found === undefined) return;
  const record = await readFile(table.record, 'utf8').catch(() => undefined);
  if (record !== undefined && found.isFile()) {
    const noted = read(record);
    // An empty one is the name that a run took before it was killed.
    if (noted && (found.size === 0 || (found.size === noted.size && found.mtimeMs === noted.mtimeMs))) return;
  }
  throw existing(table);
}

/** Undefined where a loss of power has left no whole record. */
function read(record: string): { readonly size: number; readonly mtimeMs: number } | undefined {
  try {
    return JSON.parse(record) as { size: number; mtimeMs: number };
  } catch {
    return undefined;
  }
}

/**
 * Takes the names of all outputs, or throws TaskFailure OUTPUT_EXISTS and takes none. The caller then renames each
 * temporary file to its name.
 */
export async function takeNames(claims: readonly Claim[]): Promise<void> {
  for (const { final, table } of claims) await refuseToReplace(final, table);
  const taken: string[] = [];
  try {
    for (const { temporary, final, table } of claims) {
      await rm(final, { force: true });
      await record(temporary, table);
      // Fails where another run has put a file there meanwhile.
      const handle = await open(final, 'wx').catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'EEXIST' ? existing(table) : error;
      });
      await handle.close();
      taken.push(final);
    }
  } catch (error) {
    for (const final of taken) await rm(final, { force: true });
    throw error;
  }
}

async function record(temporary: string, table: TableOutput): Promise<void> {
  const { size, mtimeMs } = await stat(temporary);
  await mkdir(dirname(table.record), { recursive: true });
  const whole = `${table.record}.new`;
  try {
    await writeFile(whole, JSON.stringify({ target: table.target, size, mtimeMs }), { flush: true });
    await rename(whole, table.record);
  } catch (error) {
    await rm(whole, { force: true });
    throw error;
  }
}

function existing({ party, target }: TableOutput): TaskFailure {
  return new TaskFailure(
    'OUTPUT_EXISTS',
    `Party ${party}: ${target} exists, and this task did not write it. Give the output another path, or remove the file first.`,
  );
}
