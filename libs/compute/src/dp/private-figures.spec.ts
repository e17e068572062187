import { describe, expect, test } from '@jest/globals';
import { chiSquare, excessOver } from './draws-for-tests.js';
import { PrivateColumn, privateQuantile, quantileOfHistogram, QUARTILES, sumAndMean } from './private-figures.js';
import type { Rational } from './discrete-laplace.js';

const DRAWS = 20_000;
const BOUNDS = { min: 0, max: 100 };
const ONE: Rational = { numerator: 1n, denominator: 1n };
/** Half the noise. */
const TWO: Rational = { numerator: 2n, denominator: 1n };

const columnOf = (values: readonly number[], bounds = BOUNDS): PrivateColumn => {
  const column = new PrivateColumn(bounds);
  for (const value of values) column.add(value);
  return column;
};
const VALUES = [3, 14, 15, 35, 58, 79, 93, 99];
/** With and without one row, whose value is as far out as it can be. */
const [TABLE, NEIGHBOUR] = [columnOf(VALUES), columnOf([...VALUES, 100])];
const draws = (column: PrivateColumn, draw: (column: PrivateColumn) => number): number[] =>
  Array.from({ length: DRAWS }, () => draw(column));
/** In under one run of 10^7 is one of forty values beyond. */
const CHANCE = 5.8;

describe('a figure of neighbouring tables', () => {
  const figures: readonly (readonly [string, (column: PrivateColumn, epsilon: Rational) => number])[] = [
    ['count', (column, epsilon) => column.privateCount(epsilon)],
    // In half scales of the noise, which is half the grid.
    ['sum', (column, epsilon) => Math.floor(column.privateSum(epsilon) / 2 ** 18)],
    ['bucket of a histogram', (column, epsilon) => column.privateHistogram(epsilon)[9]!],
  ];
  test.each(figures)(
    '%s: its frequencies differ by a factor of exp(epsilon) at most, and by more with half the noise',
    (_, of) => {
      const excess = (epsilon: Rational): number =>
        excessOver(
          1,
          draws(TABLE, (column) => of(column, epsilon)),
          draws(NEIGHBOUR, (column) => of(column, epsilon)),
        );
      expect(excess(ONE)).toBeLessThan(CHANCE);
      expect(excess(TWO)).toBeGreaterThan(2 * CHANCE);
    },
  );

  test('mean: with half of the epsilon for the count and half for the sum', () => {
    const half = { numerator: 1n, denominator: 2n };
    const mean = (column: PrivateColumn): number => {
      const noisy = { count: column.privateCount(half), sum: column.privateSum(half) };
      return Math.floor(sumAndMean(BOUNDS, noisy).mean / 10);
    };
    expect(excessOver(1, draws(TABLE, mean), draws(NEIGHBOUR, mean))).toBeLessThan(CHANCE);
  });

  test('quantile: a row more or less changes no frequency by more than exp(epsilon), wherever the row lies', () => {
    const counts = [0, 2, 0, 1, 1, 0, 3, 0];
    const quantiles = (table: readonly number[]): number[] =>
      Array.from({ length: DRAWS }, () => privateQuantile(table, QUARTILES[0]!, ONE));
    const without = quantiles(counts);
    for (const at of [0, 3, 7]) {
      const more = counts.map((count, position) => count + Number(position === at));
      expect(excessOver(1, without, quantiles(more))).toBeLessThan(CHANCE);
    }
  });
});

describe('a private quantile', () => {
  const COUNTS = [1, 4, 0, 0, 2, 9, 1, 0];
  /** Of the exponential mechanism, by its formula. */
  const exact = (share: { of: bigint; over: bigint }, epsilon: number): Map<number, number> => {
    const [of, over] = [Number(share.of), Number(share.over)];
    const total = COUNTS.reduce((sum, count) => sum + count, 0);
    const weights = COUNTS.map((count, at) => {
      const below = COUNTS.slice(0, at).reduce((sum, each) => sum + each, 0);
      const miss = Math.max(0, below - (of / over) * total, (of / over) * total - below - count);
      return Math.exp((-epsilon * miss) / (2 * Math.max(of / over, 1 - of / over)));
    });
    const whole = weights.reduce((sum, each) => sum + each, 0);
    return new Map(weights.map((weight, at) => [at, weight / whole]));
  };
  test.each(QUARTILES.map((share) => [`${share.of}/${share.over}`, share] as const))(
    'of %s has the distribution of the exponential mechanism, and no narrower one',
    (_, share) => {
      const drawn = Array.from({ length: DRAWS }, () => privateQuantile(COUNTS, share, ONE));
      expect(chiSquare(drawn, exact(share, 1))).toBeLessThan(6);
      expect(chiSquare(drawn, exact(share, 2))).toBeGreaterThan(20);
    },
  );

  test('of no values is any point', () => {
    const drawn = Array.from({ length: DRAWS }, () => privateQuantile([0, 0, 0, 0], QUARTILES[1]!, ONE));
    expect(chiSquare(drawn, new Map([0, 1, 2, 3].map((at) => [at, 1 / 4])))).toBeLessThan(6);
  });
});

describe('a quantile of noisy counts', () => {
  const quartiles = (counts: readonly number[]): number[] =>
    QUARTILES.map((share) => quantileOfHistogram(counts, share, { min: 10, max: 50 }));

  test('lies in the part that holds its rank', () => {
    expect(quartiles([4, 4, 4, 4])).toEqual([20, 30, 40]);
    expect(quartiles([0, 8, 0, 0])).toEqual([22.5, 25, 27.5]);
  });

  test('is the middle of where the noise takes the sum to its rank', () => {
    // The sum is 6 after the first part, 2 after the second, and 8 in the end: 4 is passed at 2/3, 1.5 and 2 1/3 parts.
    expect(quartiles([6, -4, 6, 0])[1]).toBeCloseTo(10 + 10 * 1.5, 12);
  });

  test('of no values is the middle', () => {
    expect([quartiles([0, 0, 0, 0]), quartiles([1, -3, 0, 1])]).toEqual(Array(2).fill([30, 30, 30]));
  });
});

describe('a column in whole numbers', () => {
  test('takes a value beyond the bounds as the bound, and never its size', () => {
    const one = columnOf([-1e300, 40, 1e300]);
    const other = columnOf([0, 40, 100]);
    expect(one).toEqual(other);
    expect(columnOf([-1e300, -5, 1e300], { min: -1, max: 1 })).toEqual(columnOf([-1, -1, 1], { min: -1, max: 1 }));
  });

  test('gives near figures of a large table at a small epsilon', () => {
    const rows = 20_000;
    const column = columnOf(Array.from({ length: rows }, (_, row) => (row * 37) % 101));
    const epsilon = { numerator: 1n, denominator: 10n };
    const [count, sum] = [column.privateCount(epsilon), column.privateSum(epsilon)];
    // Laplace noise is beyond 20 scales once in 10^9 draws.
    expect(Math.abs(count - rows)).toBeLessThan(200);
    const { mean, sum: total } = sumAndMean(BOUNDS, { count, sum });
    expect(Math.abs(mean - 50)).toBeLessThan(0.6);
    expect(Math.abs(total - 50 * rows)).toBeLessThan(21_000);
    const quartiles = QUARTILES.map((share) => column.privateQuantile(share, epsilon));
    [25, 50, 75].forEach((near, at) => expect(Math.abs(quartiles[at]! - near)).toBeLessThan(4));
    const histogram = column.privateHistogram(epsilon);
    expect(histogram).toHaveLength(10);
    for (const bucket of histogram) expect(Math.abs(bucket - rows / 10)).toBeLessThan(500);
  });

  test('draws afresh each time', () => {
    const drawn = new Set(Array.from({ length: 20 }, () => TABLE.privateSum(ONE)));
    expect(drawn.size).toBeGreaterThan(15);
  });
});
