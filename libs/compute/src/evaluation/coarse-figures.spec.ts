import { describe, expect, test } from '@jest/globals';
import { MIN_GROUP_ROWS } from '#libs/consent';
import { permutation } from '../mpc/random.js';
import { coarseClassBias, coarseClasses } from './coarse-classes.js';
import { coarseNumberBias, coarseNumbers } from './coarse-numbers.js';
import { cutPoints } from './metrics.js';

const chance = Array.from(permutation(2 ** 18, 11), (each) => each / 2 ** 18);
let drawn = 0;
const next = (): number => chance[(drawn = (drawn + 1) % chance.length)]!;
const labelsOf = (rows: number): number[] => Array.from({ length: rows }, () => Number(next() < 0.4));
const seen = (labels: readonly number[], scores: readonly number[]): object =>
  coarseClasses(cutPoints(labels, Float64Array.from(scores)), MIN_GROUP_ROWS);
const textOf = (...results: readonly object[]): string => JSON.stringify(results);

/** Entropy in bits of what differs between cases, each of which is as likely as any other. */
function bitsOf(cases: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const each of cases) counts.set(each, (counts.get(each) ?? 0) + 1);
  return -[...counts.values()].reduce((sum, n) => sum + (n / cases.length) * Math.log2(n / cases.length), 0);
}

describe('an evaluation that others see', () => {
  test('has no cut between single scores, so that no second evaluation sets a row apart', () => {
    const labels = labelsOf(23);
    const scores = labels.map((_, row) => (row + 0.5) / 40);
    // 23 scores at 23 places, moved within their cells and with one row set apart by its own score.
    const apart = scores.map((score, row) => score + (row % 2) / 1_000);
    expect(seen(labels, apart)).toMatchObject({ rows: 20, curves: { buckets: { length: 1 }, roc: { length: 2 } } });
    expect(textOf(seen(labels, apart))).not.toMatch(/0\.\d{3}/);
    const one = { rows: 20, buckets: { length: 1 } };
    const predictions = Float64Array.from(apart);
    expect(coarseClassBias(cutPoints(labels, predictions), MIN_GROUP_ROWS)).toMatchObject(one);
    expect(coarseNumberBias(Float64Array.from(labels), predictions, MIN_GROUP_ROWS)).toMatchObject(one);
  });

  for (const rows of [40, 200, 1_000]) {
    test(`of ${rows} rows reveals little of the label of the row whose score alone is changed`, () => {
      // The best that we know: scores are chosen, and one row moves from the lowest to the highest cell.
      const cases = Array.from({ length: 400 }, () => {
        const labels = labelsOf(rows);
        const scores = labels.map((_, row) => (row < rows / 2 ? 0.025 : 0.975));
        const moved = scores.map((score, row) => (row === 0 ? 0.975 : score));
        const [one, other] = [seen(labels, scores), seen(labels, moved)];
        return { label: labels[0]!, text: textOf(one, other), is: JSON.stringify(one) === JSON.stringify(other) };
      });
      const rise = (text: string): number => {
        const [one, other] = JSON.parse(text) as { metrics: { accuracy: number; auc: number } }[];
        return Math.sign(other!.metrics.accuracy - one!.metrics.accuracy);
      };
      const moves = cases.filter(({ text }) => rise(text) !== 0);
      const right = cases.filter(
        ({ label, text }) => Number(rise(text) > 0 || (rise(text) === 0 && next() < 0.4)) === label,
      );
      const signs = bitsOf(cases.map(({ text }) => String(rise(text))));
      console.info(
        `${rows} rows: the accuracy moves in ${moves.length} of 400 pairs of evaluations; ${right.length} of 400 labels guessed right ` +
          `(208 by the share of positives alone, 240 by always saying 0); ${signs.toFixed(2)} bits`,
      );
      expect(moves.length).toBeLessThan(200);
      expect(right.length).toBeLessThan(320);
    });
  }

  for (const [rows, upTo] of [
    [41, 0.8],
    [1_000, 0.75],
  ] as const) {
    test(`of the bias, of ${rows} rows, tells the label of a row that is moved to another bucket in part`, () => {
      // Scores are chosen: twenty rows in the highest cell, to which one more moves. What was seen with each label, in half of the cases, is known.
      const before = Array.from({ length: rows }, (_, row) => (row < rows - 20 ? 0.025 : 0.975));
      const cases = Array.from({ length: rows < 100 ? 6_000 : 3_000 }, () => {
        const labels = labelsOf(rows);
        const biasOf = (scores: readonly number[]): object =>
          coarseClassBias(cutPoints(labels, Float64Array.from(scores)), MIN_GROUP_ROWS);
        return { label: labels[0]!, text: textOf(biasOf(before), biasOf(before.with(0, 0.975))) };
      });
      const half = cases.length / 2;
      const known = new Map<string, number>();
      for (const { text, label } of cases.slice(0, half)) known.set(text, (known.get(text) ?? 0) + 2 * label - 1);
      const right = cases.slice(half).filter(({ text, label }) => Number((known.get(text) ?? 0) > 0) === label);
      console.info(`${rows} rows: ${right.length} of ${half} labels guessed right, where 60 % are blind`);
      expect(right.length / half).toBeLessThan(upTo);
    });
  }

  test('shows the size of a residual that outweighs all others, and no second digit', () => {
    const labels = Float64Array.from({ length: 100 }, (_, row) => row);
    const predictions = labels.map((label) => label + next());
    const of = (outlier: number): object => {
      const { metrics } = coarseNumbers(labels, predictions.with(0, outlier), MIN_GROUP_ROWS) as {
        metrics: Record<string, number>;
      };
      return { mse: metrics.mse, rmse: metrics.rmse, mae: metrics.mae };
    };
    for (const name of ['mse', 'mae'] as const) {
      const figures = (of(123_456) as Record<string, number>)[name]!;
      expect(figures.toExponential()).toMatch(/^\de/);
    }
    expect(of(123_456)).toEqual(of(123_999));
  });
});
