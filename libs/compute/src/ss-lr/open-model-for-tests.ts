import { STATE_BITS, add, decode } from '../mpc/ring.js';
import { sliceOf } from './slice.js';

/** The weights of all slices put together, the first party's first: only tests do that. */
export function openModel(...files: readonly string[]): { weights: number[]; intercept: number } {
  const shares = files.map((file) => sliceOf(JSON.parse(file))!.share);
  const weights = [...decode(shares.reduce(add), STATE_BITS)];
  return { weights: weights.slice(0, -1), intercept: weights.at(-1)! };
}
