import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { TaskFailure } from '../contract/task-type.js';
import { OwnersFailure } from '../party/failure-for-others.js';
import type { InputFile } from '../party/input-files.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { readTable } from '../table/read-table.js';
import { writeTable } from '../table/write-table.js';
import { FOLDERS } from './confine.js';

export interface TakeArgs {
  readonly script: string;
  readonly tables: readonly (readonly [name: string, path: string])[];
  readonly folder: string;
  readonly isDone: boolean;
  /** In a list, as a text beside others could name a file to write. */
  readonly end: readonly [how: string, stderr: string];
  readonly outputPath: string | null;
}

export interface TakeValue {
  readonly output: string;
}

/**
 * Takes the table that a command wrote, `out/table.csv` or `.parquet`, as one that was made of the party's tables. Throws TaskFailure SCRIPT_FAILED where it wrote no table, or the command
 * failed, and what opening a table throws. Its exit code and stderr are for the party alone.
 */
export const run: PartyProgram<TakeArgs, TakeValue> = async (context, args) => {
  const [how, stderr] = args.end;
  // Opened again: the table is made of these, and a failure is about their rows.
  for (const [, path] of args.tables) await (await context.openInput(path)).close();
  if (!args.isDone) throw failed(context, args, `it ended with ${how}`);
  const { reference, rows } = await take(context, args);
  context.keepResult({ rows, exit_code: 0, stderr });
  return { output: reference };
};

async function take(
  context: PartyContext,
  args: TakeArgs,
): Promise<{ readonly reference: string; readonly rows: number }> {
  // What is wrong with the table depends on the rows that the command read.
  const refuse = (error: unknown): never => {
    throw error instanceof TaskFailure ? failed(context, args, error.message) : error;
  };
  const made = await openMade(args.folder);
  if (typeof made === 'string') throw failed(context, args, made);
  try {
    const table = await readTable(context.party, made).catch(refuse);
    const paths = args.tables.map(([, path]) => path);
    const of = { of: paths[0]!, also: paths.slice(1), learnt: paths, isMade: true } as const;
    const request = { target: args.outputPath ?? undefined, name: 'table.csv', rows: of };
    const output = await writeTable(context, request, table.columns);
    let rows = 0;
    const batches = table.batches();
    for (;;) {
      const next = await batches.next().catch(refuse);
      if (next.done === true) break;
      rows += next.value.length;
      await output.rows(next.value);
      context.progress(table.read(), 'taking the table');
    }
    await output.finish();
    return { reference: output.reference, rows };
  } finally {
    await made.close();
  }
}

/** The file that the command wrote, or what is wrong with it. */
async function openMade(folder: string): Promise<InputFile | string> {
  const out = join(folder, FOLDERS.out);
  // A link in its place would lead the party's process elsewhere.
  if (!(await lstat(out).catch(() => undefined))?.isDirectory()) return 'out is no folder';
  for (const name of ['table.csv', 'table.parquet']) {
    const path = join(out, name);
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
    const handle = await open(path, flags).catch((error: NodeJS.ErrnoException) => error.code ?? error.name);
    if (handle === 'ENOENT') continue;
    if (typeof handle === 'string') return `out/${name} cannot be opened (${handle})`;
    const stats = await handle.stat();
    if (stats.isFile() && stats.size > 0 && stats.nlink === 1)
      return { label: `out/${name}`, name, path, sizeBytes: stats.size, handle, close: () => handle.close() };
    await handle.close();
    return `out/${name} is ${stats.isFile() && stats.nlink === 1 ? 'empty' : 'no file that the command made'}`;
  }
  return 'it wrote neither out/table.csv nor out/table.parquet';
}

function failed({ party }: PartyContext, { script, end }: TakeArgs, why: string): OwnersFailure {
  const [how, stderr] = end;
  const message =
    `Party ${party}: the script ${JSON.stringify(script)} failed on its tables. How, and the end of stderr, are for the party's owner alone, in ` +
    '.party/failures.jsonl of its folder if it is claimed.';
  return new OwnersFailure('SCRIPT_FAILED', message, { party, script }, `${why} (${how})\n${stderr}`);
}
