import type { ColumnBounds } from '#libs/consent';
import type { Rational } from '../dp/discrete-laplace.js';
import { FINE_BUCKETS, QUARTILES, quantileOfHistogram, type PrivateColumn } from '../dp/private-figures.js';
import { isCounted, isSummed, statisticsOf, type PrivateStatistics } from './private-statistics.js';
import type { PrivateFigure } from './table-statistics-config.js';

/**
 * A party's part of the joint figures of a column, in whole numbers. Each has the noise that makes it `epsilon`-differentially private by itself, as if
 * no other party added any: whoever takes the others' parts from a sum has this part with all its noise.
 */
export function jointPart(
  column: PrivateColumn,
  { figures, epsilon }: { readonly figures: readonly PrivateFigure[]; readonly epsilon: Rational },
): number[] {
  return [
    ...(isCounted(figures) ? [column.privateCount(epsilon)] : []),
    ...(isSummed(figures) ? [column.privateSum(epsilon)] : []),
    ...(figures.includes('quartiles') ? column.privateHistogram(epsilon, FINE_BUCKETS) : []),
    ...(figures.includes('histogram') ? column.privateHistogram(epsilon) : []),
  ];
}

/** The figures of a column, from the sums of all parties' parts. */
export function jointStatistics(
  sums: readonly number[],
  bounds: ColumnBounds,
  figures: readonly PrivateFigure[],
): PrivateStatistics {
  const rest = [...sums];
  const count = isCounted(figures) ? rest.shift()! : null;
  const sum = isSummed(figures) ? rest.shift()! : null;
  const fine = figures.includes('quartiles') ? rest.splice(0, FINE_BUCKETS) : null;
  const quartiles = fine === null ? [] : QUARTILES.map((share) => quantileOfHistogram(fine, share, bounds));
  const histogram = figures.includes('histogram') ? rest : null;
  return statisticsOf({ count, sum, quartiles, histogram }, bounds, figures);
}
