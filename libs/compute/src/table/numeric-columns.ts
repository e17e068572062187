import type { PartyContext } from '../party/party-program.js';
import { columnIndexes, toNumber } from './csv-reader.js';
import { readTable } from './read-table.js';
import type { Table } from './table.js';
import { TaskFailure } from '../contract/task-type.js';

/** Columns of numbers, row-major: cell (r, c) is `values[r * columns + c]`. */
export interface NumericColumns {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/**
 * Reads the named columns of one of the party's tables as finite numbers, in the order of `names`. Throws TaskFailure
 * COLUMN_NOT_FOUND, or CAST_FAILED with the column and the data row (1 is the first below the header), besides what
 * opening the file throws. `onRead` gets the progress, 0 to 1.
 */
export async function readNumericColumns(
  context: PartyContext,
  path: string,
  names: readonly string[],
  onRead: (fraction: number) => void = () => {},
): Promise<NumericColumns> {
  const input = await context.openInput(path);
  try {
    const table = await readTable(context.party, input);
    const chunks: Float64Array[] = [];
    let rows = 0;
    for await (const batch of numericBatches(table, path, names)) {
      chunks.push(batch.values);
      rows += batch.rows;
      onRead(table.read());
    }
    const values = new Float64Array(rows * names.length);
    let at = 0;
    for (const chunk of chunks) {
      values.set(chunk, at);
      at += chunk.length;
    }
    return { rows, columns: names.length, values };
  } finally {
    await input.close();
  }
}

/** A batch of rows, with all fields of each. */
interface NumericBatch extends NumericColumns {
  readonly fields: readonly (readonly string[])[];
}

/** The named columns of a table at `path` as finite numbers, batch by batch. Throws TaskFailure COLUMN_NOT_FOUND, CAST_FAILED. */
export async function* numericBatches(
  table: Table,
  path: string,
  names: readonly string[],
): AsyncGenerator<NumericBatch, void, undefined> {
  const indexes = columnIndexes(table, names);
  let before = 0;
  for await (const fields of table.batches()) {
    const values = new Float64Array(fields.length * names.length);
    fields.forEach((each, row) => {
      indexes.forEach((index, column) => {
        const value = toNumber(each[index]!);
        if (value === undefined) throw castFailed(table.party, path, names[column]!, before + row + 1);
        values[row * names.length + column] = value;
      });
    });
    yield { rows: fields.length, columns: names.length, values, fields };
    before += fields.length;
  }
}

/** A run of rows of a table. */
export interface RowRun extends NumericColumns {
  /** The place of its first row in the table. */
  readonly from: number;
}

/** The table in runs of so many rows, the last one with those that are left. The values are not copied. */
export function* runsOf({ rows, columns, values }: NumericColumns, size: number): Generator<RowRun> {
  for (let from = 0; from < rows; from += size) {
    const count = Math.min(size, rows - from);
    yield { from, rows: count, columns, values: values.subarray(from * columns, (from + count) * columns) };
  }
}

function castFailed(party: string, path: string, column: string, row: number): TaskFailure {
  return new TaskFailure(
    'CAST_FAILED',
    `Party ${party}: column ${JSON.stringify(column)} of ${path} is missing or no number in data row ${row}. ` +
      'Fill it (fillna) or encode it (label_encoder, onehot_encoder) first.',
    false,
    { party, column, row },
  );
}

/** Rows `order[0], order[1], ...` of the columns `from` to `to`, row-major. */
export function pickRows(table: NumericColumns, order: Uint32Array, from: number, to: number): Float64Array {
  const width = to - from;
  const picked = new Float64Array(order.length * width);
  order.forEach((row, place) => {
    const start = row * table.columns;
    picked.set(table.values.subarray(start + from, start + to), place * width);
  });
  return picked;
}
