import { coarseRows } from '../contract/coarse.js';
import type { InputFile } from '../party/input-files.js';
import type { PartyProgram } from '../party/party-program.js';
import type { WrittenTable } from '../rules/written-result.js';
import { columnIndexes } from '../table/csv-reader.js';
import { readTable } from '../table/read-table.js';
import type { Table } from '../table/table.js';
import { writeTable } from '../table/write-table.js';

export interface UnionArgs {
  /** Two or more. */
  readonly inputPaths: readonly string[];
  readonly outputPath: string | null;
}

/** Puts a party's tables one after the other. Throws TaskFailure COLUMN_NOT_FOUND, and what opening a table throws. */
export const run: PartyProgram<UnionArgs, WrittenTable> = async (context, { inputPaths, outputPath }) => {
  const inputs: InputFile[] = [];
  try {
    const tables: Table[] = [];
    for (const [at, path] of inputPaths.entries()) {
      context.progress((0.1 * at) / inputPaths.length, 'opening the tables');
      const input = await context.openInput(path);
      inputs.push(input);
      tables.push(await readTable(context.party, input));
    }
    const [first, ...others] = tables as [Table, ...Table[]];
    for (const table of others) columnIndexes(first, table.columns);
    const places = tables.map((table) => columnIndexes(table, first.columns));
    const rows = { of: inputPaths[0]!, also: inputPaths.slice(1) };
    const request = { target: outputPath ?? undefined, name: 'table.csv', rows };
    const output = await writeTable(context, request, first.columns);
    const counts: number[] = [];
    for (const [at, table] of tables.entries()) {
      let count = 0;
      for await (const batch of table.batches()) {
        count += batch.length;
        await output.rows(batch.map((row) => places[at]!.map((place) => row[place]!)));
        context.progress(0.1 + (0.9 * (at + table.read())) / tables.length, 'writing the table');
      }
      counts.push(count);
    }
    await output.finish();
    const total = counts.reduce((sum, count) => sum + count, 0);
    context.keepResult({ rows: total, rows_of_tables: counts });
    return { output: output.reference, rows: coarseRows(total, context.minGroupRows) };
  } finally {
    for (const input of inputs) await input.close();
  }
};
