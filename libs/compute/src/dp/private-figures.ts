/**
 * Figures of a column under differential privacy (C. Dwork, F. McSherry, K. Nissim, A. Smith, "Calibrating Noise to Sensitivity in
 * Private Data Analysis", TCC 2006). Two tables are neighbours if one has one row more than the other. Bounds of the values are given
 * by the owner and never taken from the data: a value beyond them counts as the nearest bound, and each value is put on a grid between them, so that every
 * figure is a whole number before its noise.
 */
import { bernoulliExp, discreteLaplace, uniformBelow, type Rational } from './discrete-laplace.js';

/** The least and the largest value that a column can have, whatever is in it. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Steps of the grid on which values are added up: finer than the noise in tables of up to a million rows. */
const SUM_STEPS = 2 ** 20;
/** Steps of the grid on which quantiles are looked for. */
const QUANTILE_STEPS = 1_000;
/** Equal parts of the bounds in a histogram, and in one from which quantiles are read. */
const BUCKETS = 10;
export const FINE_BUCKETS = 100;

/** A share of the values, as a fraction. */
export interface Share {
  readonly of: bigint;
  readonly over: bigint;
}
export const QUARTILES: readonly Share[] = [1n, 2n, 3n].map((of) => ({ of, over: 4n }));

/** A column's values in whole numbers. */
export class PrivateColumn {
  /** Values, and their sum in steps of `SUM_STEPS` from the middle between the bounds. */
  count = 0;
  private sum = 0;
  /** Values by the nearest point of the grid of `QUANTILE_STEPS`. */
  private readonly points = new Float64Array(QUANTILE_STEPS + 1);
  private readonly buckets = new Float64Array(FINE_BUCKETS);

  constructor(private readonly bounds: Bounds) {}

  add(value: number): void {
    const { min, max } = this.bounds;
    const share = (Math.min(Math.max(value, min), max) - min) / (max - min);
    this.count += 1;
    this.sum += Math.round(share * SUM_STEPS) - SUM_STEPS / 2;
    this.points[Math.round(share * QUANTILE_STEPS)]! += 1;
    this.buckets[Math.min(Math.floor(share * FINE_BUCKETS), FINE_BUCKETS - 1)]! += 1;
  }

  /** The number of values. One row changes it by 1. */
  privateCount(epsilon: Rational): number {
    return withNoise(this.count, 1n, epsilon);
  }

  /** The sum of the values less the middle between the bounds, in steps of the grid. One row changes it by half the grid at most. */
  privateSum(epsilon: Rational): number {
    return withNoise(this.sum, BigInt(SUM_STEPS / 2), epsilon);
  }

  /** The number of values in each of so many equal parts of the bounds, which divide `FINE_BUCKETS`. One row changes one of them by 1. */
  privateHistogram(epsilon: Rational, parts = BUCKETS): number[] {
    const width = FINE_BUCKETS / parts;
    return Array.from({ length: parts }, (_, at) => {
      const count = this.buckets.subarray(at * width, (at + 1) * width).reduce((sum, each) => sum + each, 0);
      return withNoise(count, 1n, epsilon);
    });
  }

  /** A point of the grid near the quantile. */
  privateQuantile(share: Share, epsilon: Rational): number {
    const { min, max } = this.bounds;
    return min + ((max - min) / QUANTILE_STEPS) * privateQuantile(this.points, share, epsilon);
  }
}

/** A sum and a mean of a noisy sum and a noisy count, which cost nothing more: they follow from what is private already. */
export function sumAndMean(
  { min, max }: Bounds,
  { count, sum }: { readonly count: number; readonly sum: number },
): { readonly sum: number; readonly mean: number } {
  const middle = min + (max - min) / 2;
  const apart = (sum / SUM_STEPS) * (max - min);
  const mean = middle + apart / Math.max(count, 1);
  return { sum: count * middle + apart, mean: Math.min(Math.max(mean, min), max) };
}

/**
 * The point between the bounds below which a share of the values lies, by noisy counts in equal parts of the bounds. It costs nothing more, as `sumAndMean`. Values count
 * as spread evenly over their part. Where the noise takes the running sum beyond the share and back, it is the middle of the first and the last
 * such point; where the counts add up to no value, the middle between the bounds.
 */
export function quantileOfHistogram(counts: readonly number[], { of, over }: Share, { min, max }: Bounds): number {
  const rank = (counts.reduce((sum, count) => sum + count, 0) * Number(of)) / Number(over);
  const points: number[] = [];
  let below = 0;
  for (const [at, count] of counts.entries()) {
    if (below < rank !== below + count < rank) points.push(at + (rank - below) / count);
    below += count;
  }
  const middle = rank > 0 ? (points[0]! + points.at(-1)!) / 2 : counts.length / 2;
  return min + (middle / counts.length) * (max - min);
}

/** Adds noise of the scale `sensitivity` / `epsilon`. The whole number is exact up to 2^53. */
function withNoise(exact: number, sensitivity: bigint, { numerator, denominator }: Rational): number {
  return Number(BigInt(exact) + discreteLaplace({ numerator: sensitivity * denominator, denominator: numerator }));
}

/**
 * The position of a quantile among counts by position, by the exponential mechanism (F. McSherry, K. Talwar, FOCS 2007; for quantiles A. Smith,
 * STOC 2011): the probability of a position falls by exp(-epsilon / 2) for each row by which it misses the rank, in units of the most that one row changes that.
 * Drawn exactly: a uniform position is kept with the probability that it has beside the best one.
 */
export function privateQuantile(counts: ArrayLike<number>, { of, over }: Share, epsilon: Rational): number {
  const total = BigInt(Array.from(counts).reduce((sum, count) => sum + count, 0));
  let below = 0n;
  const misses = Array.from(counts, (count) => {
    const under = over * below - of * total;
    below += BigInt(count);
    const above = of * total - over * below;
    return under > 0n ? under : above > 0n ? above : 0n;
  });
  const best = misses.reduce((least, each) => (each < least ? each : least));
  // A row more moves `over * below - of * total` by -of, or by over - of.
  const most = of > over - of ? of : over - of;
  const perMiss = { numerator: epsilon.numerator, denominator: 2n * most * epsilon.denominator };
  for (;;) {
    const position = Number(uniformBelow(BigInt(misses.length)));
    const miss = misses[position]! - best;
    if (bernoulliExp({ numerator: miss * perMiss.numerator, denominator: perMiss.denominator })) return position;
  }
}
