import { open, realpath, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { partiesOf } from '#libs/consent';
import { DealerDone } from '../contract/site.js';
import { TaskFailure, type HeldFile, type TaskRun, type TaskRunResult } from '../contract/task-type.js';
import { isInside } from './input-files.js';
import { publish, requireNames } from './output-files.js';
import type { WrittenFile } from './party-link.js';

/**
 * Runs a task at a site, and gives its files their names only once the result is made and found right: it is made of what other sites say that
 * they came to. Throws TaskFailure PROTOCOL_VIOLATION where none can be made of that; no file is left then.
 */
export async function heldUntilRead(
  run: TaskRun,
  work: (run: TaskRun) => Promise<TaskRunResult>,
  check: (result: unknown) => void,
): Promise<TaskRunResult> {
  const held: WrittenFile[] = [];
  let isTold = false;
  const hold = (files: readonly WrittenFile[]): void => {
    isTold = true;
    held.push(...files);
  };
  const made = async (): Promise<TaskRunResult> => {
    const outcome = await work({ ...run, hold });
    check(outcome.result);
    return outcome;
  };
  try {
    const outcome = await made().catch((error: unknown) => {
      throw isTold && isOfValues(error) ? (misfit(run) ?? error) : error;
    });
    await (run.site?.prepares ? prepare(run, outcome, held) : leave(run, held));
    return outcome;
  } catch (error) {
    if (error instanceof DealerDone) await publish(held);
    else for (const { temporary } of held) await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Each step is on the disk before the next: the files, what the site notes of them, their names. Wherever a run is cut off in between, the files
 * with these names are not those that the site has noted, and no later task reads them. The other way around, a new file would go by the note of
 * an earlier run.
 */
async function leave(run: TaskRun, held: readonly WrittenFile[]): Promise<void> {
  for (const { temporary } of held) await toDisk(temporary);
  await run.site?.leaves(
    held.flatMap(({ artifact, temporary }) => (artifact ? [{ name: artifact.name, temporary }] : [])),
  );
  await nameFiles(held, [run.dataRoot, run.artifactRoot]);
}

/** What could not get its name is found out here: once others count on it, it is too late. */
async function prepare(
  { site, dataRoot, artifactRoot, signal }: TaskRun,
  outcome: TaskRunResult,
  held: readonly WrittenFile[],
): Promise<void> {
  await requireNames(held);
  for (const { temporary } of held) await toDisk(temporary);
  await foldersToDisk(held, [dataRoot, artifactRoot]);
  signal.throwIfAborted();
  await site!.prepares!(outcome, held);
}

/**
 * Gives complete files their names, all of them or none, and makes that last. `roots` are the folders above them that are there already. Throws
 * TaskFailure OUTPUT_EXISTS where one would replace a file that its task did not write.
 */
export async function nameFiles(held: readonly HeldFile[], roots: readonly string[]): Promise<void> {
  await publish(held);
  await foldersToDisk(held, roots);
}

async function foldersToDisk(held: readonly HeldFile[], roots: readonly string[]): Promise<void> {
  const above = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
  const folders = await Promise.all(
    [...new Set(held.map(({ final }) => dirname(final)))].map((each) => realpath(each)),
  );
  for (const each of new Set(folders.flatMap((folder) => upTo(above, folder)))) await toDisk(each);
}

/** A folder, and those above it that the run may have made. */
function upTo(roots: readonly string[], folder: string): readonly string[] {
  const isBelow = roots.some((root) => folder !== root && isInside(root, folder));
  return isBelow ? [folder, ...upTo(roots, dirname(folder))] : [folder];
}

async function toDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}

/** What a value of another kind, or one that is nested too deeply, makes of code that reads it. */
const isOfValues = (error: unknown): boolean => error instanceof TypeError || error instanceof RangeError;

/** Undefined where no other party has told anything: it is a fault of this program. */
function misfit({ params, site }: TaskRun): TaskFailure | undefined {
  const others = partiesOf(params).filter((each) => each !== site?.party);
  if (others.length === 0) return undefined;
  const message = `What ${others.join(', ')} came to, as the sites there say, makes no result.`;
  return new TaskFailure('PROTOCOL_VIOLATION', message, false, { parties: others });
}
