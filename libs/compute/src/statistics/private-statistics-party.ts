import type { ColumnBounds } from '#libs/consent';
import { epsilonOf, thousandthsOf } from '../contract/epsilon.js';
import { boundsMissing, columnWithoutBounds } from '../party/column-bounds.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { writeJson } from '../party/write-json.js';
import { PrivateColumn } from '../dp/private-figures.js';
import { toNumber } from '../table/csv-reader.js';
import { ColumnFinder, namedColumns } from '../table/named-columns.js';
import { readTable } from '../table/read-table.js';
import type { Table } from '../table/table.js';
import { epsilonOfDraw, privateStatistics, type PrivateStatistics } from './private-statistics.js';
import type { ReportArgs } from './report-config.js';
import { Described, keepStatistics } from './statistics-party.js';
import type { PrivateFigure } from './table-statistics-config.js';

export interface PrivateStatisticsArgs extends ReportArgs {
  readonly epsilon: number;
  readonly figures: readonly PrivateFigure[];
}

/** What others see. */
export interface PrivateStatisticsValue {
  /** A number of rows without noise is not private. */
  readonly rows: null;
  readonly columns: Record<string, PrivateStatistics>;
  /** Whether a column has few values is not private either. */
  readonly suppressed: string[];
  /** Of each draw. */
  readonly epsilon_each: number;
}

const NO_BOUNDS =
  'the policy states bounds of no column of its table, and epsilon needs them. The owner writes "bounds: {<column>: {min: …, max: …}}" into the ' +
  'policy and signs it with "task-chain policies set".';

interface BoundedColumn {
  readonly index: number;
  readonly name: string;
  readonly bounds: ColumnBounds;
  readonly noisy: PrivateColumn;
  readonly exact: Described;
}

/**
 * Describes columns of one party for others under differential privacy, and exactly for the party itself. Nothing that others see depends on the values but the
 * draws: a field that is no number counts as missing, and small tables and columns are drawn as others are. Throws TaskFailure BOUNDS_MISSING,
 * BUDGET_EXHAUSTED, COLUMN_NOT_FOUND, and what opening the table throws.
 */
export const run: PartyProgram<PrivateStatisticsArgs, PrivateStatisticsValue> = async (context, args) => {
  const { figures, reportPath } = args;
  const input = await context.openInput(args.inputPath);
  try {
    const table = await readTable(context.party, input);
    const columns = await columnsOf(context, table, args);
    const rows = await gather(context, table, columns);
    const thousandths = thousandthsOf(args.epsilon);
    if (columns.length > 0) await context.reserve({ columns: [], epsilon: epsilonOf(thousandths) });
    context.progress(0.9, 'drawing noise');
    const epsilon = epsilonOfDraw(thousandths, Math.max(1, columns.length), figures);
    const seen = columns.map(
      ({ name, bounds, noisy }) => [name, privateStatistics(noisy, bounds, { figures, epsilon })] as const,
    );
    const described = columns.filter(({ exact }) => exact.count > 0);
    const exact = {
      rows,
      columns: Object.fromEntries(described.map(({ name, exact: own }) => [name, own.statistics()])),
    };
    keepStatistics(context, exact);
    if (reportPath !== null) await writeJson(context, reportPath, 'statistics.json', { ...exact, suppressed: [] });
    const each = Number(epsilon.numerator) / Number(epsilon.denominator);
    return { rows: null, columns: Object.fromEntries(seen), suppressed: [], epsilon_each: each };
  } finally {
    await input.close();
  }
};

/** The columns that the task names, or those that have bounds. */
async function columnsOf(context: PartyContext, table: Table, args: PrivateStatisticsArgs): Promise<BoundedColumn[]> {
  const bounds = await context.boundsOfColumns();
  const choice = namedColumns(args.columns, context.party);
  const finder = new ColumnFinder();
  const chosen = choice && finder.find(table, choice, context.peers.length === 0);
  await finder.agree(context);
  const indexes = chosen ?? table.columns.flatMap((name, index) => (bounds.has(name) ? [index] : []));
  if (chosen === null && indexes.length === 0) throw boundsMissing(context.party, NO_BOUNDS);
  return indexes.map((index) => {
    const name = table.columns[index]!;
    const own = bounds.get(name);
    if (own === undefined) throw columnWithoutBounds(context.party, name);
    return { index, name, bounds: own, noisy: new PrivateColumn(own), exact: new Described(context.minGroupRows) };
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
