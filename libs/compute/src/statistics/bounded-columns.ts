import type { ColumnBounds } from '#libs/consent';
import { epsilonOf, thousandthsOf } from '../contract/epsilon.js';
import { PrivateColumn } from '../dp/private-figures.js';
import { boundsMissing, columnWithoutBounds, type BoundsByColumn } from '../party/column-bounds.js';
import type { PartyContext } from '../party/party-program.js';
import { writeJson } from '../party/write-json.js';
import { toNumber } from '../table/csv-reader.js';
import { readTable } from '../table/read-table.js';
import type { Table } from '../table/table.js';
import type { PrivateStatisticsArgs } from './private-args.js';
import { Described, keepStatistics } from './statistics-party.js';

const NO_BOUNDS =
  'the policy states bounds of no column of its table, and epsilon needs them. The owner writes "bounds: {<column>: {min: …, max: …}}" into the ' +
  'policy and signs it with "task-chain policies set".';

/** A column of the party's table, with the bounds that its owner states. */
export interface NamedBounds {
  readonly index: number;
  readonly name: string;
  readonly bounds: ColumnBounds;
}

/** With its values: for others, and for the party itself. */
interface BoundedColumn extends NamedBounds {
  readonly noisy: PrivateColumn;
  readonly exact: Described;
}

/** Chooses columns of the table, before any row is read. */
type ChooseColumns = (table: Table, bounds: BoundsByColumn) => Promise<readonly NamedBounds[]>;

/**
 * Reads the columns that `choose` names, charges the task's epsilon for what is drawn of them, and keeps the exact figures for the party itself.
 * Nothing here depends on the values but what it returns: a field that is no number counts as missing, and small tables and columns
 * are read as others are. Throws TaskFailure BUDGET_EXHAUSTED, and what `choose` and opening the table throw.
 */
export async function readBounded(
  context: PartyContext,
  { inputPath, reportPath, epsilon }: PrivateStatisticsArgs,
  choose: ChooseColumns,
): Promise<readonly BoundedColumn[]> {
  const input = await context.openInput(inputPath);
  try {
    const table = await readTable(context.party, input);
    const columns = (await choose(table, await context.boundsOfColumns())).map((each) => {
      return { ...each, noisy: new PrivateColumn(each.bounds), exact: new Described(context.minGroupRows) };
    });
    const rows = await gather(context, table, columns);
    if (columns.length > 0) await context.reserve({ columns: [], epsilon: epsilonOf(thousandthsOf(epsilon)) });
    const described = columns.filter(({ exact }) => exact.count > 0);
    const exact = {
      rows,
      columns: Object.fromEntries(described.map(({ name, exact: own }) => [name, own.statistics()])),
    };
    keepStatistics(context, exact);
    if (reportPath !== null) await writeJson(context, reportPath, 'statistics.json', { ...exact, suppressed: [] });
    return columns;
  } finally {
    await input.close();
  }
}

/** The columns of these positions, or by default all that have bounds. Throws TaskFailure BOUNDS_MISSING. */
export function withBounds(table: Table, bounds: BoundsByColumn, chosen: readonly number[] | null): NamedBounds[] {
  const indexes = chosen ?? table.columns.flatMap((name, index) => (bounds.has(name) ? [index] : []));
  if (chosen === null && indexes.length === 0) throw boundsMissing(table.party, NO_BOUNDS);
  return indexes.map((index) => {
    const name = table.columns[index]!;
    const own = bounds.get(name);
    if (own === undefined) throw columnWithoutBounds(table.party, name);
    return { index, name, bounds: own };
  });
}

/** Reads all rows, and returns their number. */
async function gather(context: PartyContext, table: Table, columns: readonly BoundedColumn[]): Promise<number> {
  let rows = 0;
  for await (const batch of table.batches()) {
    for (const row of batch) {
      rows += 1;
      for (const { index, noisy, exact } of columns) {
        const value = toNumber(row[index]!);
        if (value === undefined) continue;
        noisy.add(value);
        exact.add(value);
      }
    }
    context.progress(0.85 * table.read(), 'reading the table');
  }
  return rows;
}
