import { TaskFailure } from '../contract/task-type.js';
import type { Matches } from '../mpc/psi-exchange.js';
import type { OutputRequest } from '../party/output-files.js';
import type { PartyContext } from '../party/party-program.js';
import { NO_ROW } from '../party/row-sets.js';
import { columnIndexes } from '../table/csv-reader.js';
import { csvRow } from '../table/csv-writer.js';
import { RowStore } from '../table/row-store.js';
import type { Table } from '../table/table.js';
import { writeTable } from '../table/write-table.js';

/**
 * Which rows a party's output has: those that all parties have, or those that the other lacks, by key; or all its rows in the order in which
 * their points were sent; or, beside each row of the other in that order, its own of the same key or nulls.
 */
export type RowsOfOutput = 'common' | 'missing' | 'all' | 'beside';

/** What a party knows of its matches: the order of its points where it writes all its rows, the places where it writes others. */
export type Found = Pick<Matches, 'places'> & Partial<Matches>;

/** Rows that are handed to the writer at a time. */
const ROWS_AT_ONCE = 1024;
/** Ends on the progress bar: of the exchange, of reading again. Then comes writing. */
export const EXCHANGED = 0.9;
const READ_AGAIN = 0.95;

interface RowsRequest extends Omit<OutputRequest, 'mediaType' | 'rows'> {
  readonly which: RowsOfOutput;
  /** The key columns. */
  readonly by: readonly string[];
  /** Rows that the other sent. */
  readonly peerRows: number;
}

/** A row of nulls as CSV text. */
export const nullRow = (table: Table): string => csvRow(table.columns.map(() => ''));

/**
 * Writes the party's output, and returns its reference. Rows that all parties know stand in the order of their keys, which all sort alike: so
 * their outputs are aligned row by row and the same in each run, whatever order the inputs had. All rows of a party stand in an order drawn anew:
 * one by key would tell the other between which of its own keys those lie that it lacks. Throws TaskFailure INPUT_CHANGED.
 */
export async function writeRows(
  context: PartyContext,
  table: Table,
  found: Found,
  { which, by, peerRows, ...request }: RowsRequest,
): Promise<string> {
  const { order, places } = found;
  const isKept = (row: number): boolean => which === 'all' || places![row]! >= 0 !== (which === 'missing');
  const kept = await keptRows(context, table, by, isKept, (places ?? order!).length);
  const picked = pickedOf(kept, found, which, peerRows);
  // Reported for an empty output as well: others see the stage.
  context.progress(READ_AGAIN, 'writing the intersection');
  const picks = picked.map((at) => (at === NO_ROW ? NO_ROW : kept.places[at]!));
  const rows = { of: table.label, picks, ...(which === 'all' ? { areAll: true as const } : { by }) };
  const output = await writeTable(context, { ...request, rows }, table.columns);
  const none = Buffer.from(nullRow(table));
  for (let done = 0; done < picked.length; done += ROWS_AT_ONCE) {
    const batch = picked.subarray(done, done + ROWS_AT_ONCE);
    await output.text(Buffer.concat(Array.from(batch, (at) => (at === NO_ROW ? none : kept.rows.at(at)))));
    // The fraction would say how many rows there are.
    if (request.statedBytes !== undefined) continue;
    context.progress(READ_AGAIN + (1 - READ_AGAIN) * (done / picked.length), 'writing the intersection');
  }
  await output.finish();
  return output.reference;
}

/** Rows of a table that go into an output, in the order of the table. */
interface KeptRows {
  readonly rows: RowStore;
  /** Their places in the table. */
  readonly places: readonly number[];
  readonly keys: readonly string[];
}

async function keptRows(
  context: PartyContext,
  table: Table,
  by: readonly string[],
  isKept: (row: number) => boolean,
  rowsBefore: number,
): Promise<KeptRows> {
  const keyIndexes = columnIndexes(table, by);
  const keys: string[] = [];
  const rows = new RowStore();
  const places: number[] = [];
  let at = 0;
  for await (const batch of table.batches()) {
    for (const row of batch) {
      if (isKept(at)) {
        keys.push(sortKey(keyIndexes.map((index) => row[index]!)));
        rows.add(csvRow(row));
        places.push(at);
      }
      at += 1;
    }
    context.progress(EXCHANGED + (READ_AGAIN - EXCHANGED) * table.read(), 'reading the rows of the intersection');
  }
  if (at !== rowsBefore) {
    throw new TaskFailure('INPUT_CHANGED', `Party ${context.party}: ${table.label} changed while it was read.`, true);
  }
  return { rows, places, keys };
}

/** By row of the output: which of the kept rows it is, or `NO_ROW`. */
function pickedOf(
  { keys, places: kept }: KeptRows,
  { order, places }: Found,
  which: RowsOfOutput,
  peerRows: number,
): Uint32Array {
  if (which === 'all') return order!;
  if (which === 'beside') {
    const picked = new Uint32Array(peerRows).fill(NO_ROW);
    kept.forEach((row, at) => (picked[places![row]!] = at));
    return picked;
  }
  return Uint32Array.from(keys, (_, index) => index).sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1));
}

/** One string per key, different for different keys, in Unicode NFC as it was hashed. */
function sortKey(fields: readonly string[]): string {
  return fields.length === 1
    ? fields[0]!.normalize('NFC')
    : JSON.stringify(fields.map((field) => field.normalize('NFC')));
}
