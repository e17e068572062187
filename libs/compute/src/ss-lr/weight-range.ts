import type { PieceReceiver, PieceSender } from '../mpc/pieces.js';
import { STATE_BITS, addInto, encode, lengthOf, slice, subtractInto, zeros, type RingVector } from '../mpc/ring.js';
import type { DealtParty, GroupSession } from '../mpc/session.js';
import { anySet, dealAnySet, dealNegative, negative, planeBytes } from '../mpc/shared-bits.js';

/** Weights that are compared at once. */
const AT_ONCE = 4096;

/** Counts the steps of a training whose weights are not checked yet: how many to check after this one, or 0 to wait. */
export function stepsToCheck(weights: number): (isDue: boolean) => number {
  let steps = 0;
  return (isDue) => {
    steps += 1;
    if (!isDue && (steps + 1) * weights <= AT_ONCE) return 0;
    const due = steps;
    steps = 0;
    return due;
  };
}

/** Whether any of the shared `weights` lies beyond +-2^bits, for all parties; none learns which. */
export async function anyBeyond(
  session: GroupSession,
  dealt: PieceReceiver,
  weights: RingVector,
  bits: number,
): Promise<boolean> {
  const count = lengthOf(weights);
  const distances = zeros(2 * count);
  addInto(slice(distances, 0, count), weights);
  subtractInto(slice(distances, count, 2 * count), weights);
  if (session.index === 0) addInto(distances, encode(Array<number>(2 * count).fill(2 ** bits), STATE_BITS));
  return anySet(session, dealt, await negative(session, dealt, distances));
}

/** The dealer's part of {@link anyBeyond}, for `count` weights. */
export async function dealAnyBeyond(parties: readonly DealtParty[], toLast: PieceSender, count: number): Promise<void> {
  await dealNegative(parties, toLast, 2 * count);
  await dealAnySet(parties, toLast, planeBytes(2 * count));
}
