import { thousandthsOf } from '../contract/epsilon.js';
import { QUARTILES } from '../dp/private-figures.js';
import type { PartyProgram } from '../party/party-program.js';
import { ColumnFinder, namedColumns } from '../table/named-columns.js';
import { readBounded, withBounds } from './bounded-columns.js';
import type { PrivateStatisticsArgs } from './private-args.js';
import { epsilonOfDraw, privateStatistics, type PrivateStatistics } from './private-statistics.js';

/** What others see. */
export interface PrivateStatisticsValue {
  /** A number of rows without noise is not private. */
  readonly rows: null;
  readonly columns: Record<string, PrivateStatistics>;
  /** Whether a column has few values is not private either. */
  readonly suppressed: string[];
  readonly withheld: null;
  /** Of each draw. */
  readonly epsilon_each: number;
}

/**
 * Describes columns of one party for others under differential privacy, and exactly for the party itself. Nothing that others see depends on the values but the
 * draws. Throws TaskFailure BOUNDS_MISSING, BUDGET_EXHAUSTED, COLUMN_NOT_FOUND, and what opening the table throws.
 */
export const run: PartyProgram<PrivateStatisticsArgs, PrivateStatisticsValue> = async (context, args) => {
  const { figures } = args;
  const columns = await readBounded(context, args, async (table, bounds) => {
    const choice = namedColumns(args.columns, context.party);
    const finder = new ColumnFinder();
    const chosen = choice && finder.find(table, choice, context.peers.length === 0);
    await finder.agree(context);
    return withBounds(table, bounds, chosen);
  });
  context.progress(0.9, 'drawing noise');
  const epsilon = epsilonOfDraw(thousandthsOf(args.epsilon), {
    columns: Math.max(1, columns.length),
    figures,
    forQuartiles: QUARTILES.length,
  });
  const seen = columns.map(
    ({ name, bounds, noisy }) => [name, privateStatistics(noisy, bounds, { figures, epsilon })] as const,
  );
  const each = Number(epsilon.numerator) / Number(epsilon.denominator);
  return { rows: null, columns: Object.fromEntries(seen), suppressed: [], withheld: null, epsilon_each: each };
};
