import { FEW_VALUES } from '#libs/consent';
import { BITS, keepFailure, withheldBy, withheldFailure, type Withheld } from '../party/opened.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { writeJson } from '../party/write-json.js';
import type { JsonObject } from '../contract/task-type.js';
import { fitting } from '../contract/inline-result.js';
import { coarseRows } from '../contract/coarse.js';
import { checkGroup, RowsApart } from '../contract/privacy.js';
import { Moments, Values, type Accumulator } from '../table/accumulators.js';
import { NumericFinder } from '../table/numeric-finder.js';
import { readTable } from '../table/read-table.js';
import { ColumnFinder, namedColumns } from '../table/named-columns.js';
import { coarseStatistics, type CoarseStatistics } from './coarse-statistics.js';
import type { ReportArgs } from './report-config.js';

/** As pandas' `describe`: quartiles interpolated, `std` of a sample. */
export interface ColumnStatistics {
  count: number;
  mean: number;
  std: number;
  min: number;
  '25%': number;
  '50%': number;
  '75%': number;
  max: number;
}

/** What others see. */
export interface StatisticsPartyValue {
  readonly rows: number | null;
  readonly columns: Record<string, CoarseStatistics>;
  /** Columns with fewer values than may be described. */
  readonly suppressed: string[];
  /** Why rows are null and no column is there. */
  readonly withheld: string | null;
}

interface DescribedTable {
  readonly seen: StatisticsPartyValue;
  /** What the party itself sees. */
  readonly exact: {
    readonly rows: number;
    readonly columns: Readonly<Record<string, ColumnStatistics>>;
    readonly suppressed: readonly string[];
  };
  /** Where others see nothing. */
  readonly withheld: Withheld | undefined;
  /** Columns in which too few rows differ from the most frequent value to correlate them. */
  readonly fewApart: readonly string[];
}

/** Mean, deviation and three quartiles. */
const FIGURES = 5;

type Quantiles = [min: number, first: number, second: number, third: number, max: number];

/** A column as its party sees it. */
export class Described implements Accumulator {
  readonly moments = new Moments();
  readonly values = new Values();
  readonly apart: RowsApart;
  private readonly seen = new Set<number>();

  constructor(least: number) {
    this.apart = new RowsApart(least);
  }

  get count(): number {
    return this.values.count;
  }

  add(value: number): void {
    this.moments.add(value);
    this.values.add(value);
    this.apart.add(value);
    if (this.seen.size <= FEW_VALUES) this.seen.add(value);
  }

  /** Up to `FEW_VALUES + 1`. */
  get distinct(): number {
    return this.seen.size;
  }

  statistics(): ColumnStatistics {
    const [min, first, second, third, max] = this.values.quantiles([0, 0.25, 0.5, 0.75, 1]) as Quantiles;
    const { count, mean } = this.moments;
    return { count, mean, std: this.moments.deviation(1), min, '25%': first, '50%': second, '75%': third, max };
  }
}

/** Describes one party's numeric columns, and keeps the party's own report where it gets one. */
export const run: PartyProgram<ReportArgs, StatisticsPartyValue> = async (context, args) => {
  let described: DescribedTable;
  try {
    described = await describeTable(context, args, 0.9);
  } catch (failure) {
    const withheld = await withheldFailure(context, failure);
    if (withheld === undefined) throw failure;
    keepFailure(context, failure);
    return nothing(withheld);
  }
  const { seen, exact } = described;
  keepStatistics(context, exact);
  if (args.reportPath !== null) await writeJson(context, args.reportPath, 'statistics.json', exact);
  return seen;
};

/** Not even which columns are numeric: of few rows that would say what is in them. */
const nothing = ({ why }: Withheld): StatisticsPartyValue => ({
  ...{ rows: null, columns: {}, suppressed: [], withheld: why },
});

/** Keeps the statistics of all columns for the party's own readers, as many as a result holds. */
export function keepStatistics(
  context: PartyContext,
  { rows, columns }: Pick<DescribedTable['exact'], 'rows' | 'columns'>,
): void {
  // One value has no deviation.
  const named = Object.entries(columns).map(([name, { std, ...each }]) => [
    name,
    { ...each, std: Number.isFinite(std) ? std : null },
  ]);
  const { inline, truncated } = fitting(Object.fromEntries(named) as JsonObject);
  context.keepResult({ rows, statistics: inline, ...(truncated && { statistics_truncated: true }) });
}

/**
 * Describes the party's numeric columns in one pass, which is `share` of its work. 8 bytes a value are held for the exact
 * quartiles. Where others may see nothing, the party's exact figures stay. Throws TaskFailure COLUMN_NOT_FOUND, NON_NUMERIC, CAST_FAILED,
 * and what opening the table throws.
 */
export async function describeTable(
  context: PartyContext,
  args: Pick<ReportArgs, 'inputPath' | 'columns'>,
  share: number,
): Promise<DescribedTable> {
  const input = await context.openInput(args.inputPath);
  try {
    const table = await readTable(context.party, input);
    const choice = namedColumns(args.columns, context.party);
    const finder = new ColumnFinder();
    const least = context.minGroupRows;
    const chosen = choice ? finder.find(table, choice, context.peers.length === 0) : null;
    await finder.agree(context);
    const where = { party: context.party, label: table.label };
    const numbers = new NumericFinder({ where, columns: table.columns, chosen }, () => new Described(least));
    let rows = 0;
    for await (const batch of table.batches()) {
      for (const row of batch) numbers.observe(row, (rows += 1));
      context.progress(share * table.read(), 'reading the table');
    }
    context.progress(share, 'computing quartiles');
    const described = numbers.found().filter(({ values }) => values.count > 0);
    const enough = described.filter(({ values }) => values.count >= least);
    const withheld = await withheldBy(async () => {
      checkGroup(context, table.label, rows, 'statistics');
      await context.reserve({
        own: 'statistics',
        columns: enough.map(({ name: column, values: { count, distinct } }) => {
          return { column, figures: FIGURES, bits: BITS.statistic, rows: count, distinct };
        }),
      });
    });
    const suppressed = numbers.found().flatMap(({ name, values }) => (values.count < least ? [name] : []));
    return {
      withheld,
      exact: {
        rows,
        columns: Object.fromEntries(described.map(({ name, values }) => [name, values.statistics()])),
        suppressed,
      },
      seen: withheld
        ? nothing(withheld)
        : {
            rows: coarseRows(rows, least),
            columns: Object.fromEntries(
              enough.map(({ name, values }) => [name, coarseStatistics(values.values, least)]),
            ),
            ...{ suppressed, withheld: null },
          },
      fewApart: enough.flatMap(({ name, values }) => (values.apart.areFew ? [name] : [])),
    };
  } finally {
    await input.close();
  }
}
