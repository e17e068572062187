import { openInput } from '../party/input-files.js';
import { sha256Of } from '../party/lineage.js';
import { isMissing, toNumber } from './csv-reader.js';
import { isParquet, readTable } from './read-table.js';

/** The description of a table, without any value. */
export interface TableDescription {
  readonly format: 'csv' | 'parquet';
  /** `integer` or `number` where every field that is not missing is one, else `string`. */
  readonly columns: readonly { readonly name: string; readonly type: 'integer' | 'number' | 'string' }[];
  readonly rows: number;
  /** SHA-256 of the file, in hex. It stays with the party. */
  readonly sha256: string;
}

/**
 * Reads a table in a party's folder as a task does, with the limits and TaskFailures of `readTable`: what is refused here would fail
 * in every task.
 */
export async function describeTable(party: string, root: string, file: string): Promise<TableDescription> {
  const input = await openInput({ party, root, artifactRoot: root, chainId: '', taskId: '' }, file);
  try {
    const format = (await isParquet(input)) ? 'parquet' : 'csv';
    const table = await readTable(party, input);
    const kinds = table.columns.map(() => ({ filled: false, isNumber: true, isInteger: true }));
    let rows = 0;
    for await (const batch of table.batches()) {
      rows += batch.length;
      for (const row of batch) row.forEach((field, at) => note(kinds[at]!, field));
    }
    const columns = table.columns.map((name, at) => {
      const { filled, isNumber, isInteger } = kinds[at]!;
      return { name, type: !filled || !isNumber ? 'string' : isInteger ? 'integer' : 'number' } as const;
    });
    return { format, columns, rows, sha256: await sha256Of(input) };
  } finally {
    await input.close();
  }
}

function note(kind: { filled: boolean; isNumber: boolean; isInteger: boolean }, field: string): void {
  if (!kind.isNumber || isMissing(field)) return;
  kind.filled = true;
  const value = toNumber(field);
  kind.isNumber = value !== undefined;
  kind.isInteger &&= Number.isSafeInteger(value);
}
