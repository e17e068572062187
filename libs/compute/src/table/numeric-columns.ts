import type { PartyContext } from '../party/party-program.js';
import { columnIndexes, toNumber } from './csv-reader.js';
import { readTable } from './read-table.js';
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
    const indexes = columnIndexes(table, names);
    const chunks: Float64Array[] = [];
    let rows = 0;
    for await (const batch of table.batches()) {
      const chunk = new Float64Array(batch.length * names.length);
      batch.forEach((fields, row) => {
        indexes.forEach((index, column) => {
          const value = toNumber(fields[index]!);
          if (value === undefined) throw castFailed(context.party, path, names[column]!, rows + row + 1);
          chunk[row * names.length + column] = value;
        });
      });
      chunks.push(chunk);
      rows += batch.length;
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
