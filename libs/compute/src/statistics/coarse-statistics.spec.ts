import { describe, expect, test } from '@jest/globals';
import { MIN_GROUP_ROWS } from '#libs/consent';
import { permutation } from '../mpc/random.js';
import { rounded } from '../contract/coarse.js';
import { Values } from '../table/accumulators.js';
import { coarseStatistics } from './coarse-statistics.js';

const of = (given: readonly number[], least = MIN_GROUP_ROWS) => {
  const values = new Values();
  for (const value of given) values.add(value);
  return coarseStatistics(values, least);
};
const FIGURES = ['mean', 'std', '25%', '50%', '75%'] as const;
const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
/** Incomes: log-normal, as the sum of uniform logarithms. */
const chance = Array.from(permutation(2 ** 20, 7), (each) => each / 2 ** 20);
const income = (at: number): number =>
  40_000 * Math.exp(mean(Array.from({ length: 6 }, (_, step) => chance[(at * 6 + step) % chance.length]! - 0.5)) * 8);
const incomes = (rows: number, tables: number): number[][] =>
  Array.from({ length: tables }, (_, table) => Array.from({ length: rows }, (_, row) => income(table * rows + row)));

describe('rounding', () => {
  test('is to three digits, or to steps of 1, 2 or 5 where these are coarser', () => {
    const three = [12_345.6, 0.1, -0.12349, 999.9, 1e21, 1.5e-7, 0].map((each) => rounded(each));
    expect(three).toEqual([12_300, 0.1, -0.123, 1_000, 1e21, 1.5e-7, 0]);
    expect([rounded(105, 9.8), rounded(43.7, 1.2), rounded(-1e-17, 0.3), rounded(3, 0.02), rounded(1_234, 7)]).toEqual([
      110, 44, 0, 3, 1_230,
    ]);
  });
});

describe('statistics for others', () => {
  test('are none of the values', () => {
    for (const rows of [20, 81, 101, 401]) {
      for (const table of incomes(rows, 20)) {
        const seen = of(table);
        for (const name of FIGURES) expect(table).not.toContain(seen[name]);
        expect([seen.min, seen.max]).toEqual([null, null]);
        expect(seen.count % 20).toBe(0);
      }
    }
  });

  test('give away no outlier, however large it is', () => {
    for (const rows of [20, 100, 1_000]) {
      const table = incomes(rows, 1)[0]!;
      expect(of([...table, 1e12])).toEqual(of([...table, 200_000_000]));
    }
  });

  test('show no value that stands alone in the middle', () => {
    const between = (value: number) => of([...Array<number>(50).fill(0), value, ...Array<number>(50).fill(1e6)]);
    expect(between(100_000)).toEqual(between(490_000));
    // Of the 20 values in the middle, nine are 0 and ten 1,000,000.
    expect(between(100_000)['50%']).toBe(500_000);
  });

  for (const rows of [21, 101, 1_001]) {
    test(`tell next to nothing of the row in which two tables of ${rows} rows differ`, () => {
      const tables = incomes(rows, 150);
      const blind = mean(tables.flat());
      const wrong = { blind: 0, byMean: 0, bySigns: 0 };
      const bySigns = new Map<string, number[]>();
      for (const table of tables) {
        const [all, others] = [of(table), of(table.slice(1))];
        wrong.blind += Math.abs(table[0]! - blind);
        wrong.byMean += Math.abs(table[0]! - (rows * all.mean - (rows - 1) * others.mean));
        const signs = FIGURES.map((name) => Math.sign((all[name] ?? 0) - (others[name] ?? 0))).join();
        bySigns.set(signs, [...(bySigns.get(signs) ?? []), table[0]!]);
      }
      // The best guess of whoever knows which figures rise and which fall, and what that meant in these very tables.
      for (const rowsOf of bySigns.values())
        wrong.bySigns += rowsOf.reduce((sum, each) => sum + Math.abs(each - mean(rowsOf)), 0);
      const shares = [...bySigns.values()].map(({ length }) => length / tables.length);
      const bits = -shares.reduce((sum, share) => sum + share * Math.log2(share), 0);
      const part = (error: number): number => error / wrong.blind;
      console.info(
        `${rows} rows: a guess by the means is off by ${part(wrong.byMean).toFixed(2)} times what a blind one is, ` +
          `by all signs ${part(wrong.bySigns).toFixed(2)} times; the signs hold ${bits.toFixed(2)} bits`,
      );
      expect(part(wrong.byMean)).toBeGreaterThan(0.9);
      expect(part(wrong.bySigns)).toBeGreaterThan(0.65);
      expect(bits).toBeLessThan(4);
    });
  }
});
