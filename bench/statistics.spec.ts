import { describe, expect, it } from '@jest/globals';
import { median, quantile, summarise } from './statistics.js';

describe('statistics', () => {
  it('takes the middle, between two values where there is no single one', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(quantile([10, 20], 0.99)).toBeCloseTo(19.9);
    expect(quantile([7], 0.99)).toBe(7);
    expect(median([])).toBe(NaN);
  });

  it('does not sort the caller’s array', () => {
    const values = [3, 1, 2];
    expect(summarise(values)).toEqual({ n: 3, median: 2, p25: 1.5, p75: 2.5, min: 1, max: 3 });
    expect(values).toEqual([3, 1, 2]);
  });
});
