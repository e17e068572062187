import { TaskFailure } from '../contract/task-type.js';
import type { PartyContext } from '../party/party-program.js';
import type { Table } from '../table/table.js';
import { writeTable } from '../table/write-table.js';

/** Rows of a table that go into one output. */
interface PartOutput {
  readonly name: string;
  /** Path as the task's parameters give it, null for an artifact. */
  readonly target: string | null;
}

interface Parting {
  readonly table: Table;
  /** The part of each row: its place in `outputs`; a row of any other number goes into none. */
  readonly parts: Uint8Array;
  readonly outputs: readonly PartOutput[];
  /** The columns by whose values the rows were chosen; none where the values do not matter. */
  readonly values: readonly string[];
  /** Called with the part of the table that has been read, 0 to 1. */
  readonly progress: (read: number) => void;
}

/** Writes each part of a table in the order of its rows. Returns the references. Throws TaskFailure INPUT_CHANGED. */
export async function writeParts(
  context: PartyContext,
  { table, parts, outputs, values, progress }: Parting,
): Promise<string[]> {
  const writers = [];
  for (const [part, { name, target }] of outputs.entries()) {
    const rows = { of: table.label, picks: picksOf(parts, part), ...(values.length > 0 && { values }) };
    writers.push(await writeTable(context, { target: target ?? undefined, name, rows }, table.columns));
  }
  let at = 0;
  for await (const batch of table.batches()) {
    const from = at;
    at += batch.length;
    for (const [part, writer] of writers.entries())
      await writer.rows(batch.filter((_, row) => parts[from + row] === part));
    progress(table.read());
  }
  if (at !== parts.length)
    throw new TaskFailure('INPUT_CHANGED', `Party ${context.party}: ${table.label} changed while it was read.`, true);
  for (const writer of writers) await writer.finish();
  return writers.map(({ reference }) => reference);
}

/** The places of the rows of one part, in the order of the table. */
function picksOf(parts: Uint8Array, part: number): Uint32Array {
  const picks = new Uint32Array(parts.length);
  let found = 0;
  parts.forEach((each, row) => {
    if (each !== part) return;
    picks[found] = row;
    found += 1;
  });
  return picks.slice(0, found);
}
