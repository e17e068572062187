import { describe, expect, it } from '@jest/globals';
import { delayBeforeRestart, RESTART_POLICY } from './restart-policy.js';

describe('restarts', () => {
  it('wait longer each time an app ends soon again, and stop at the fifth', () => {
    const ends: number[] = [];
    const delays = [0, 1000, 2000, 3000, 4000].map((now) => {
      ends.push(now);
      return delayBeforeRestart(ends, now, RESTART_POLICY);
    });
    expect(delays).toEqual([200, 400, 800, 1600, undefined]);
  });

  it('forget what was long ago', () => {
    expect(delayBeforeRestart([0, 1, 2, 3, 100_000], 100_000, RESTART_POLICY)).toBe(200);
  });

  it('never wait longer than the most', () => {
    const policy = { ...RESTART_POLICY, maxEnds: 99 };
    expect(delayBeforeRestart([1, 2, 3, 4, 5, 6, 7, 8, 9], 9, policy)).toBe(5000);
  });
});
