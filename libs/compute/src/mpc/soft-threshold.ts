import type { PieceReceiver, PieceSender } from './pieces.js';
import {
  STATE_BITS,
  addInto,
  encode,
  lengthOf,
  slice,
  subtract,
  subtractInto,
  zeros,
  type RingVector,
} from './ring.js';
import type { DealtParty, GroupSession } from './session.js';
import { dealSelect, select } from './select.js';
import { dealNegative, negative } from './shared-bits.js';

/**
 * Own share of each element of the shared `values` (of `STATE_BITS`) moved towards 0 by `by`, and 0 within `by` of it:
 * the proximal operator of `by` times the L1 norm. Exact, nothing is truncated; nine rounds.
 *
 *     (z - by) - [z - by < 0] (z - by) + [z + by < 0] (z + by)
 *
 * No party learns a sign: all see only uniform values.
 */
export async function softThreshold(
  session: GroupSession,
  dealt: PieceReceiver,
  values: RingVector,
  by: number,
): Promise<RingVector> {
  const count = lengthOf(values);
  const both = zeros(2 * count);
  both.set(values);
  both.set(values, values.length);
  if (session.index === 0) {
    const shift = encode(Array<number>(count).fill(by), STATE_BITS);
    subtractInto(slice(both, 0, count), shift);
    addInto(slice(both, count, 2 * count), shift);
  }
  const kept = await select(session, dealt, await negative(session, dealt, both), both);
  const below = subtract(slice(both, 0, count), slice(kept, 0, count));
  return addInto(below, slice(kept, count, 2 * count));
}

/** The dealer's part of {@link softThreshold}, for `count` elements. `toLast` is its line to the last party. */
export async function dealSoftThreshold(
  parties: readonly DealtParty[],
  toLast: PieceSender,
  count: number,
): Promise<void> {
  await dealNegative(parties, toLast, 2 * count);
  await dealSelect(parties, toLast, 2 * count);
}
