import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { permutation } from '../mpc/random.js';
import { packed } from '../mpc/bit-strings.js';
import { bitsOfDraw, drawn, flagsFrom, trainCounts, trainRowsOf } from './draw.js';

const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
const classes = (least: number, most: number) =>
  fc.array(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 16 });
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
/** Rows by class, the classes in turn as long as they have rows. */
const classesOf = (counts: readonly number[]): Uint8Array =>
  Uint8Array.from(counts.flatMap((count, of) => Array<number>(count).fill(of)));

/** log2 of n choose k, by sums of logarithms. */
function log2Choose(n: number, k: number): number {
  let bits = 0;
  for (let at = 1; at <= k; at += 1) bits += Math.log2((n - k + at) / at);
  return bits;
}

describe('the counts of a split', () => {
  test('are of each class its share, up or down to a whole number, and together those of all rows', () => {
    fc.assert(
      fc.property(classes(1, 500), share, (rows, of) => {
        const counts = trainCounts(rows, of);
        expect(sum(counts)).toBe(trainRowsOf(sum(rows), of));
        counts.forEach((count, at) => {
          expect(Math.abs(count - rows[at]! * of)).toBeLessThan(1 + 1e-9);
          expect(count).toBeGreaterThanOrEqual(0);
          expect(count).toBeLessThanOrEqual(rows[at]!);
        });
      }),
    );
  });

  test('say no more bits about a label than are counted, whatever the label is', () => {
    fc.assert(
      fc.property(classes(20, 400), share, (rows, of) => {
        const counts = trainCounts(rows, of);
        // Of all parts of so many rows, those with these counts: how much rarer that is than nothing known.
        const said = log2Choose(sum(rows), sum(counts)) - sum(rows.map((count, at) => log2Choose(count, counts[at]!)));
        expect(said).toBeLessThanOrEqual((rows.length - 1) * bitsOfDraw(sum(rows), of) + 1e-6);
      }),
      { numRuns: 300 },
    );
  });

  test('say as many bits as the page says', () => {
    expect([200, 1_000, 10_000, 1_000_000].map((rows) => bitsOfDraw(rows, 0.75))).toEqual([4, 5, 6, 10]);
  });
});

describe('the rows of a split', () => {
  test('are those of each class that come first in the order', () => {
    fc.assert(
      fc.property(classes(1, 60), share, fc.nat(), (rows, of, seed) => {
        const ofRows = classesOf(rows);
        const counts = trainCounts(rows, of);
        const flags = drawn(permutation(ofRows.length, seed), ofRows, counts);
        const found = rows.map((_, at) => sum(Array.from(flags).filter((_flag, row) => ofRows[row] === at)));
        expect(found).toEqual(counts);
      }),
    );
  });

  test('are each row of a class as often as another', () => {
    const ofRows = classesOf([20, 30]);
    const times = new Float64Array(50);
    const draws = 2_000;
    for (let seed = 0; seed < draws; seed += 1)
      drawn(permutation(50, seed), ofRows, trainCounts([20, 30], 0.7)).forEach((flag, row) => (times[row]! += flag));
    // Six standard deviations of a count of draws.
    const most = 6 * Math.sqrt(draws * 0.7 * 0.3);
    for (const count of times) expect(Math.abs(count - 0.7 * draws)).toBeLessThan(most);
  });

  test('cross as one bit each, and no message of another form passes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 100 }), (bits) => {
        const flags = Uint8Array.from(bits);
        const bytes = packed(flags);
        const train = sum(bits);
        expect(bytes).toHaveLength(Math.ceil(bits.length / 8));
        expect(flagsFrom('bob', bytes, bits.length, train)).toEqual(flags);
        const refused = (sent: Uint8Array, expected: number): void =>
          expect(() => flagsFrom('bob', sent, bits.length, expected)).toThrow(
            expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }),
          );
        refused(bytes, train + 1);
        refused(bytes.subarray(1), train);
        refused(Uint8Array.of(...bytes, 0), train);
        if (bits.length % 8 === 0) return;
        const filled = bytes.slice();
        filled[bytes.length - 1]! |= 0x80;
        refused(filled, train);
        refused(filled, train + 1);
      }),
    );
  });
});
