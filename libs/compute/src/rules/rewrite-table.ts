import type { OutputRows } from '../party/row-sets.js';
import type { PartyContext } from '../party/party-program.js';
import { rowsAtOnce, type Table } from '../table/table.js';
import { writeTable } from '../table/write-table.js';
import type { AppliedStep } from './apply-step.js';

interface Rewriting {
  readonly table: Table;
  /** In order, the first on the columns of the table. */
  readonly steps: readonly AppliedStep[];
  /** Path as the task's parameters give it, null for an artifact. */
  readonly target: string | null;
  readonly rows: OutputRows;
  /** Called with the part of the table that has been read, 0 to 1. */
  readonly progress: (read: number) => void;
}

/** Writes the table as the steps rewrite each row, in the order of the table, a batch at a time. Returns its reference and number of rows. */
export async function rewriteTable(
  context: PartyContext,
  { table, steps, target, rows: of, progress }: Rewriting,
): Promise<{ readonly reference: string; readonly rows: number }> {
  const columns = steps.at(-1)?.columns ?? table.columns;
  const output = await writeTable(context, { target: target ?? undefined, name: 'table.csv', rows: of }, columns);
  const most = rowsAtOnce(columns.length);
  let rows = 0;
  let held: string[][] = [];
  for await (const batch of table.batches()) {
    for (let row of batch) {
      rows += 1;
      for (const step of steps) row = step.apply(row, rows);
      if (held.push(row) < most) continue;
      await output.rows(held);
      held = [];
    }
    progress(table.read());
  }
  await output.rows(held);
  await output.finish();
  return { reference: output.reference, rows };
}
