import { STATE_BITS, add, decode } from '../mpc/ring.js';
import { sliceOf } from './slice.js';

/** The weights of both slices put together, the first party's first: only tests do that. */
export function openModel(...files: readonly [string, string]): { weights: number[]; intercept: number } {
  const [first, second] = files.map((file) => sliceOf(JSON.parse(file))!.share);
  const weights = [...decode(add(first!, second!), STATE_BITS)];
  return { weights: weights.slice(0, -1), intercept: weights.at(-1)! };
}
