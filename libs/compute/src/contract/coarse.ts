const DIGITS = 3;

/** Three significant digits at most, in steps of 1, 2 or 5 times a power of ten that are no finer than `step`. */
export function rounded(value: number, step = 0): number {
  if (value === 0 || !Number.isFinite(value)) return value;
  const finest = Math.floor(Math.log10(Math.abs(value))) + 1 - DIGITS;
  const power = step > 10 ** finest ? Math.floor(Math.log10(step)) : finest;
  const times = [1, 2, 5, 10].find((each) => each * 10 ** power >= step) ?? 10;
  // By its decimal text, so that 0.1 stays 0.1.
  return Number(`${Math.round(value / 10 ** power / times) * times}e${power}`) + 0;
}

/** Points between 0 and 1 at which {@link bitsOfShare} looks. */
const GRID = 2000;

/** Bits of a figure of a share between 0 and 1 that `round` rounds: log2 of the values that come out. */
export function bitsOfShare(round: (share: number) => number): number {
  return Math.log2(new Set(Array.from({ length: GRID + 1 }, (_, at) => round(at / GRID))).size);
}

/** A number of rows in steps of `step`, the smallest group that a figure may cover, downwards. */
export function coarseRows(rows: number, step: number): number {
  return rows - (rows % step);
}
