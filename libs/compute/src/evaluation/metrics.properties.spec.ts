import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MIN_GROUP_ROWS } from '#libs/consent';
import { binaryMetrics, cutPoints, equalCountBuckets, equalWidthBuckets, hasBothClasses, rocCurve } from './metrics.js';

/** Rows with many ties: scores in tenths, or any double of 0..1. */
const rowsOf = (size: object): fc.Arbitrary<{ label: number; score: number }[]> =>
  fc.array(
    fc.record({
      label: fc.constantFrom(0, 1),
      score: fc.oneof(
        fc.integer({ min: 0, max: 10 }).map((tenths) => tenths / 10),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
    }),
    size,
  );
const bothClasses = rowsOf({ minLength: 2, maxLength: 120 }).filter(
  (rows) => rows.some(({ label }) => label === 1) && rows.some(({ label }) => label === 0),
);
const pointsOf = (rows: { label: number; score: number }[]): ReturnType<typeof cutPoints> =>
  cutPoints(
    rows.map(({ label }) => label),
    Float64Array.from(rows, ({ score }) => score),
  );

describe('metrics', () => {
  test('equal their definitions, counted pair by pair and threshold by threshold', () => {
    fc.assert(
      fc.property(bothClasses, (rows) => {
        const positives = rows.filter(({ label }) => label === 1);
        const negatives = rows.filter(({ label }) => label === 0);
        let won = 0;
        for (const { score } of positives)
          for (const other of negatives) won += score > other.score ? 1 : score === other.score ? 0.5 : 0;
        const rate = (of: typeof rows, from: number): number =>
          of.filter(({ score }) => score >= from).length / of.length;
        const ks = Math.max(...rows.map(({ score }) => Math.abs(rate(positives, score) - rate(negatives, score))));
        const hits = positives.filter(({ score }) => score >= 0.5).length;
        const predicted = rows.filter(({ score }) => score >= 0.5).length;
        const precision = predicted === 0 ? 0 : hits / predicted;
        const recall = hits / positives.length;
        const right = rows.filter(({ label, score }) => score >= 0.5 === (label === 1)).length;

        const metrics = binaryMetrics(pointsOf(rows));
        expect(metrics.auc).toBeCloseTo(won / (positives.length * negatives.length), 12);
        expect(metrics.ks).toBeCloseTo(ks, 12);
        expect(metrics.precision).toBeCloseTo(precision, 12);
        expect(metrics.recall).toBeCloseTo(recall, 12);
        expect(metrics.f1_score).toBeCloseTo(hits === 0 ? 0 : (2 * precision * recall) / (precision + recall), 12);
        expect(metrics.accuracy).toBeCloseTo(right / rows.length, 12);
      }),
    );
  });

  test('do not depend on the order of rows', () => {
    fc.assert(
      fc.property(bothClasses, (rows) => {
        expect(binaryMetrics(pointsOf([...rows].reverse()))).toEqual(binaryMetrics(pointsOf(rows)));
      }),
    );
  });

  test('know the ends: perfect, reversed and constant scores', () => {
    const labels = [1, 1, 0, 0];
    expect(binaryMetrics(cutPoints(labels, Float64Array.of(0.9, 0.8, 0.2, 0.1)))).toEqual({
      auc: 1,
      ks: 1,
      f1_score: 1,
      precision: 1,
      recall: 1,
      accuracy: 1,
    });
    expect(binaryMetrics(cutPoints(labels, Float64Array.of(0.1, 0.2, 0.8, 0.9))).auc).toBe(0);
    const constant = binaryMetrics(cutPoints(labels, Float64Array.of(0.4, 0.4, 0.4, 0.4)));
    expect(constant).toMatchObject({ auc: 0.5, ks: 0, precision: 0, recall: 0, f1_score: 0, accuracy: 0.5 });
  });

  test('need both classes', () => {
    expect(hasBothClasses([])).toBe(false);
    expect(hasBothClasses(cutPoints([1, 1], Float64Array.of(0.1, 0.2)))).toBe(false);
    expect(hasBothClasses(cutPoints([0, 0], Float64Array.of(0.1, 0.2)))).toBe(false);
    expect(hasBothClasses(cutPoints([0, 1], Float64Array.of(0.1, 0.2)))).toBe(true);
  });
});

describe('curves and buckets', () => {
  test('run from corner to corner, growing, in steps that hide small groups', () => {
    fc.assert(
      fc.property(bothClasses, (rows) => {
        const curve = rocCurve(pointsOf(rows), 20);
        expect(curve[0]!.slice(0, 2)).toEqual([0, 0]);
        expect(curve.at(-1)!.slice(0, 2)).toEqual([1, 1]);
        expect(curve.length).toBeLessThanOrEqual(22);
        for (let at = 1; at < curve.length; at += 1) {
          expect(curve[at]![0]).toBeGreaterThanOrEqual(curve[at - 1]![0]);
          expect(curve[at]![1]).toBeGreaterThanOrEqual(curve[at - 1]![1]);
        }
      }),
    );
  });

  test('keep every row in one bucket of at least 20, unless there are fewer in all', () => {
    fc.assert(
      fc.property(bothClasses, fc.integer({ min: 1, max: 20 }), (rows, count) => {
        for (const buckets of [equalCountBuckets(pointsOf(rows), count), equalWidthBuckets(pointsOf(rows), count)]) {
          expect(buckets.length).toBeLessThanOrEqual(count);
          expect(buckets.reduce((sum, bucket) => sum + bucket.rows, 0)).toBe(rows.length);
          for (const bucket of buckets) {
            const inside = rows.filter(({ score }) => score >= bucket.from && score <= bucket.to);
            expect(inside).toHaveLength(bucket.rows);
            expect(inside.filter(({ label }) => label === 1)).toHaveLength(bucket.positives);
            expect(bucket.mean_score).toBeCloseTo(inside.reduce((sum, { score }) => sum + score, 0) / inside.length, 9);
            if (buckets.length > 1) expect(bucket.rows).toBeGreaterThanOrEqual(MIN_GROUP_ROWS);
          }
        }
      }),
    );
  });
});
