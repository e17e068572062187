import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Values } from './accumulators.js';

function quantiles(given: readonly number[], shares: readonly number[]): number[] {
  const values = new Values();
  for (const value of given) values.add(value);
  return values.quantiles(shares);
}

/** As numpy's default, from all values in order. */
function plain(given: readonly number[], share: number): number {
  const sorted = [...given].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)]!;
  return low + (sorted[Math.min(Math.floor(place) + 1, sorted.length - 1)]! - low) * (place - Math.floor(place));
}

describe('quantiles', () => {
  test('are those of the sorted values, however many are asked for', () => {
    // Few different values, so that many are equal; enough of them that parts are cut several times.
    const value = fc.integer({ min: -40, max: 40 }).map((each) => each / 4 + 0);
    const values = fc.array(value, { minLength: 1, maxLength: 3_000, size: 'max' });
    const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, shares, (given, drawn) => {
        const asked = drawn.sort((a, b) => a - b);
        expect(quantiles(given, asked)).toEqual(asked.map((share) => plain(given, share)));
      }),
    );
  });

  for (const [name, at] of Object.entries({
    ascending: (i: number) => i,
    descending: (i: number) => -i,
    equal: () => 7,
    'up and down': (i: number) => Math.min(i, 20_000 - i),
    'in turns': (i: number) => i % 2,
  })) {
    test(`of values that come ${name}`, () => {
      const given = Array.from({ length: 20_000 }, (_, i) => at(i));
      const shares = [0, 0.25, 0.5, 0.75, 1];
      expect(quantiles(given, shares)).toEqual(shares.map((share) => plain(given, share)));
    });
  }

  test('of nothing are no numbers', () => expect(quantiles([], [0, 1])).toEqual([NaN, NaN]));
});
