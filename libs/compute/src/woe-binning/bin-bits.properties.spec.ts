import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bitsOfCount, openedCounts } from './bin-bits.js';

/** Entropy in bits of the number of rows that are 1, by the chance of each. */
function entropyOf(chances: readonly number[]): number {
  let of = [1];
  for (const chance of chances) {
    const more = [...of, 0];
    of = more.map((each, count) => each * (1 - chance) + (of[count - 1] ?? 0) * chance);
  }
  return of.reduce((sum, each) => sum - (each > 0 ? each * Math.log2(each) : 0), 0);
}

describe('counts of labels', () => {
  test('say no more bits than are counted, whatever the chances of the labels', () => {
    const chances = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(chances, (each) => {
        expect(entropyOf(each)).toBeLessThanOrEqual(bitsOfCount(each.length));
      }),
    );
    for (const rows of [20, 100, 1000]) {
      const even = entropyOf(new Array<number>(rows).fill(0.5));
      expect(bitsOfCount(rows)).toBeGreaterThan(even);
      expect(bitsOfCount(rows)).toBeLessThan(even + 0.05);
    }
  });

  test('are counted at no less than they say, however the rows are spread over bins', () => {
    const spread = fc.array(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 10 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(spread, (columns) => {
        const rows = Math.max(...columns.map((sizes) => sizes.reduce((sum, each) => sum + each)));
        const said = columns.flat().reduce((sum, each) => sum + bitsOfCount(each), 0);
        const { bits } = openedCounts('y', rows, columns.length, columns.flat().length);
        expect(bits).toBeGreaterThanOrEqual(said);
      }),
    );
    expect(openedCounts('y', 1000, 10, 100)).toEqual({ column: 'y', figures: 1, bits: 438, rows: 1000, distinct: 2 });
  });
});
