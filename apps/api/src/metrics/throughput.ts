import type { ThroughputPartDto } from './metrics.dto.js';

/** Lengths of parts that people read easily, s: 1 minute to 14 days. */
const LENGTHS = [60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 7 * 86_400];
const LONGEST = 14 * 86_400;
const MOST_PARTS = 32;

/** The length of the parts of a window, s, so that there are few enough for a chart. */
export const partSecondsOf = (windowSeconds: number): number =>
  LENGTHS.find((length) => windowSeconds / length < MOST_PARTS) ?? LONGEST;

/** What ended in a part; `at` is its start, s since 1970. */
interface Counted {
  readonly at: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** Each part of the window up to `now` (ms), the oldest first, with zeros where nothing ended. Parts begin at multiples of their length. */
export function partsOf(
  counted: readonly Counted[],
  windowSeconds: number,
  partSeconds: number,
  now: number,
): ThroughputPartDto[] {
  const known = new Map(counted.map((part) => [part.at, part]));
  const startOf = (seconds: number): number => Math.floor(seconds / partSeconds) * partSeconds;
  const first = startOf(now / 1_000 - windowSeconds);
  const count = Math.round((startOf(now / 1_000) - first) / partSeconds) + 1;
  return Array.from({ length: count }, (_, i) => {
    const at = first + i * partSeconds;
    const { succeeded = 0, failed = 0, cancelled = 0 } = known.get(at) ?? {};
    return { from: new Date(at * 1_000).toISOString(), succeeded, failed, cancelled };
  });
}
