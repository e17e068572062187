import type { ColumnBounds } from '#libs/consent';
import type { Rational } from '../dp/discrete-laplace.js';
import { QUARTILES, sumAndMean, type PrivateColumn } from '../dp/private-figures.js';
import type { PrivateFigure } from './table-statistics-config.js';

/** What others see of a column under differential privacy. What was not asked for, or is not private, is null. */
export type PrivateStatistics = {
  count: number | null;
  mean: number | null;
  std: null;
  min: null;
  '25%': number | null;
  '50%': number | null;
  '75%': number | null;
  max: null;
  sum: number | null;
  /** Values in equal parts of the bounds from `from` to `to`. */
  histogram: { from: number; to: number; counts: number[] } | null;
};

/** What is drawn of a column: in whole numbers, but for the quartiles. What was not asked for is null. */
interface Drawn {
  readonly count: number | null;
  /** In steps of the grid. */
  readonly sum: number | null;
  /** Three points between the bounds, or none. */
  readonly quartiles: readonly number[];
  readonly histogram: number[] | null;
}

/** Why a figure is null, by its path in a result, where the columns stand at `path`. */
export function withheldPrivate(figures: readonly PrivateFigure[], path: string): Record<string, string> {
  const reasons: Record<string, string> = { 'rows.*': 'A number of rows without noise is not private.' };
  for (const name of ['std', 'min', 'max']) reasons[`${path}.*.${name}`] = 'There is no private figure of this kind.';
  const paths = { mean: ['mean'], sum: ['sum'], quartiles: ['25%', '50%', '75%'], histogram: ['histogram'] } as const;
  for (const [figure, names] of Object.entries(paths) as [keyof typeof paths, readonly string[]][]) {
    if (!figures.includes(figure)) for (const name of names) reasons[`${path}.*.${name}`] = 'It was not asked for.';
  }
  if (!isCounted(figures)) reasons[`${path}.*.count`] = 'It was not asked for.';
  return reasons;
}

/** Mean and sum are made of a noisy sum and a noisy count. */
export const isSummed = (figures: readonly PrivateFigure[]): boolean =>
  figures.includes('mean') || figures.includes('sum');
export const isCounted = (figures: readonly PrivateFigure[]): boolean => isSummed(figures) || figures.includes('count');

/**
 * The part of an epsilon, in thousandths, that each draw has. Draws are equal in number for each column: one for the count, one for the sum, `forQuartiles` for
 * quartiles, one for a histogram. Their parts add up to the epsilon, which so holds for a whole row.
 */
export function epsilonOfDraw(
  thousandths: number,
  { columns, figures, forQuartiles }: { columns: number; figures: readonly PrivateFigure[]; forQuartiles: number },
): Rational {
  const draws =
    Number(isCounted(figures)) +
    Number(isSummed(figures)) +
    (figures.includes('quartiles') ? forQuartiles : 0) +
    Number(figures.includes('histogram'));
  return { numerator: BigInt(thousandths), denominator: BigInt(1_000 * columns * draws) };
}

/** Draws the figures of a column anew, each with `epsilon`. */
export function privateStatistics(
  column: PrivateColumn,
  bounds: ColumnBounds,
  { figures, epsilon }: { readonly figures: readonly PrivateFigure[]; readonly epsilon: Rational },
): PrivateStatistics {
  const drawn = {
    count: isCounted(figures) ? column.privateCount(epsilon) : null,
    sum: isSummed(figures) ? column.privateSum(epsilon) : null,
    quartiles: figures.includes('quartiles') ? QUARTILES.map((share) => column.privateQuantile(share, epsilon)) : [],
    histogram: figures.includes('histogram') ? column.privateHistogram(epsilon) : null,
  };
  return statisticsOf(drawn, bounds, figures);
}

/** What others see of what was drawn. */
export function statisticsOf(
  { count, sum, quartiles, histogram }: Drawn,
  { min, max }: ColumnBounds,
  figures: readonly PrivateFigure[],
): PrivateStatistics {
  const made = sum === null ? null : sumAndMean({ min, max }, { count: count!, sum });
  const [first = null, second = null, third = null] = quartiles.map(plain);
  return {
    count,
    mean: made && figures.includes('mean') ? plain(made.mean) : null,
    std: null,
    min: null,
    '25%': first,
    '50%': second,
    '75%': third,
    max: null,
    sum: made && figures.includes('sum') ? plain(made.sum) : null,
    histogram: histogram && { from: min, to: max, counts: histogram },
  };
}

/** Without the digits that only the binary form of a number has. */
const plain = (value: number): number => Number(value.toPrecision(12));
