import { TaskFailure } from '../contract/task-type.js';
import { OwnersFailure } from '../party/failure-for-others.js';
import type { InputFile } from '../party/input-files.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { readTable } from '../table/read-table.js';
import { checkColumns, type Table } from '../table/table.js';
import { writeTable } from '../table/write-table.js';
import { ColumnKinds } from './column-kinds.js';
import { Database, DatabaseFault, StatementFault, type Result, type TableColumns } from './database.js';

export interface SqlPartyArgs {
  /** Name in the statement, and path. */
  readonly tables: readonly (readonly [name: string, path: string])[];
  /** In a list, as a text beside others could name a file to write. */
  readonly statement: readonly [string];
  readonly outputPath: string | null;
  readonly maxBytes: number;
}

export interface SqlPartyValue {
  readonly output: string;
}

interface Source extends TableColumns {
  readonly table: Table;
}

/** Ends on the progress bar: of looking at the columns, of filling the tables. Then come the statement and writing. */
const SEEN = 0.35;
const FILLED = 0.7;

/**
 * Runs the statement on the party's tables. Throws TaskFailure SQL_INVALID by the text and the columns alone, SQL_FAILED, OUT_OF_MEMORY and
 * OUTPUT_TOO_LARGE by rows, and what opening a table throws.
 */
export const run: PartyProgram<SqlPartyArgs, SqlPartyValue> = async (context, args) => {
  const { party } = context;
  const { tables } = args;
  const [text] = args.statement;
  const database = await Database.open();
  await byText(party, text, () => database.requireOne(text));
  const inputs: InputFile[] = [];
  try {
    const sources: Source[] = [];
    for (const [at, [name, path]] of tables.entries()) {
      const input = await context.openInput(path);
      inputs.push(input);
      const table = await readTable(party, input);
      const onBatch = (): void => context.progress((SEEN * (at + table.read())) / tables.length, 'looking at columns');
      const source = { name, table, columns: table.columns, kinds: await kindsOf(table, onBatch) };
      await byText(party, text, () => database.create(source));
      sources.push(source);
    }
    // Before there are rows: what the database says of the text now can quote none.
    await byText(party, text, () => database.prepare(text));
    for (const [at, source] of sources.entries()) {
      const onBatch = (): void => {
        const filled = (at + source.table.read()) / tables.length;
        context.progress(SEEN + (FILLED - SEEN) * filled, 'filling the tables');
      };
      await byRows(party, () => database.fill(source, source.table, onBatch));
    }
    context.progress(FILLED, 'running the statement');
    return await byRows(party, async () => {
      const { reference, rows } = await write(context, await database.run(text), args);
      context.keepResult({ rows });
      return { output: reference };
    });
  } finally {
    for (const input of inputs) await input.close();
  }
};

async function kindsOf(table: Table, onBatch: () => void): Promise<TableColumns['kinds']> {
  const found = new ColumnKinds(table.columns.length);
  for await (const batch of table.batches()) {
    for (const row of batch) found.note(row);
    onBatch();
  }
  return found.kinds;
}

async function write(
  context: PartyContext,
  result: Result,
  { tables, outputPath, maxBytes }: SqlPartyArgs,
): Promise<{ readonly reference: string; readonly rows: number }> {
  const { party } = context;
  checkColumns(result.columns, (_code, why) => invalid(party, `what it gives ${why}`));
  const paths = tables.map(([, path]) => path);
  const made = { of: paths[0]!, also: paths.slice(1), learnt: paths, isMade: true } as const;
  const request = { target: outputPath ?? undefined, name: 'table.csv', rows: made };
  const output = await writeTable(context, request, result.columns);
  let [rows, bytes] = [0, 0];
  for await (const batch of result.batches()) {
    rows += batch.length;
    for (const row of batch) for (const field of row) bytes += field.length + 1;
    if (bytes > maxBytes) throw tooLarge(party, maxBytes);
    await output.rows(batch);
    context.progress(FILLED, 'writing the table');
  }
  await output.finish();
  return { reference: output.reference, rows };
}

/** Runs what depends on the text and on the columns alone: others may read why it fails, but for names that the text lacks. */
async function byText<T>(party: string, text: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof StatementFault) throw invalid(party, error.message);
    if (error instanceof DatabaseFault) throw invalid(party, withoutNames(error.message, text), error.message);
    throw error;
  }
}

/** Runs what depends on rows: what the database says of an error can quote them. */
async function byRows<T>(party: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof DatabaseFault)) throw error;
    if (error.isOfMemory) {
      const message = `Party ${party}: the statement needs more memory than it may have. Select fewer rows or columns, or give it smaller tables.`;
      throw new TaskFailure('OUT_OF_MEMORY', message, false, { party });
    }
    const message =
      `Party ${party}: the statement fails on the rows of its tables. What the database says of them is for the party's owner alone, in ` +
      '.party/failures.jsonl of its folder if it is claimed.';
    throw new OwnersFailure('SQL_FAILED', message, { party }, error.message);
  }
}

const invalid = (party: string, why: string, whole = why): OwnersFailure =>
  new OwnersFailure('SQL_INVALID', `Party ${party}: the statement cannot run: ${why}`, { party }, whole);

const tooLarge = (party: string, limit: number): TaskFailure =>
  new TaskFailure(
    'OUTPUT_TOO_LARGE',
    `Party ${party}: the table would have more than ${limit} bytes; select fewer rows or columns.`,
    false,
    { party, limit_bytes: limit },
  );

/** The first line of what the database says, without names of columns that the author does not name: they may be values. */
function withoutNames(words: string, text: string): string {
  const lower = text.toLowerCase();
  return words
    .split('\n')[0]!
    .replace(/"([^"]*)"/g, (named, name: string) => (lower.includes(name.toLowerCase()) ? named : '"…"'));
}
