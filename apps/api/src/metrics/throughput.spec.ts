import { describe, expect, test } from '@jest/globals';
import { partsOf, partSecondsOf } from './throughput.js';

const HOUR = 3_600;
const NOW = Date.parse('2026-11-30T10:20:00Z');

describe('the parts of a window', () => {
  test('are few, and of lengths that people read', () => {
    const lengths = [60, HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR, 366 * 24 * HOUR].map(partSecondsOf);
    expect(lengths).toEqual([60, 300, HOUR, 6 * HOUR, 24 * HOUR, 14 * 24 * HOUR]);
  });

  test('are all there, from the one in which the window begins to the one that is now', () => {
    const at = Date.parse('2026-11-30T09:00:00Z') / 1_000;
    const none = { succeeded: 0, failed: 0, cancelled: 0 };
    const counted = { succeeded: 3, failed: 1, cancelled: 2 };
    expect(partsOf([{ at, ...counted }], 2 * HOUR, HOUR, NOW)).toEqual([
      { from: '2026-11-30T08:00:00.000Z', ...none },
      { from: '2026-11-30T09:00:00.000Z', ...counted },
      { from: '2026-11-30T10:00:00.000Z', ...none },
    ]);
  });
});
