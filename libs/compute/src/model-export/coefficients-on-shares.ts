import type { PieceReceiver, PieceSender } from '../mpc/pieces.js';
import { STATE_BITS, addToEach, lengthOf, type RingVector } from '../mpc/ring.js';
import { Z128, powers } from '../mpc/rings.js';
import type { DealtParty, GroupSession } from '../mpc/session.js';
import { dealSpline, spline, type Change } from '../mpc/spline.js';
import { dealTruncation, truncate } from '../mpc/truncation.js';

/** A coefficient lies within +-2^3 of the power of two that no label of the training exceeds, in 4,096 steps of 2^-8 of it. */
const MOST_BITS = 3;
const STEP_BITS = 8;

/** How coefficients are opened: in these steps, cut off at `most`. */
export interface Steps {
  readonly step: number;
  readonly most: number;
}

export const stepsOf = (labelSize: number): Steps => ({
  step: 2 ** (labelSize - STEP_BITS),
  most: 2 ** (labelSize + MOST_BITS),
});

/** What cuts weights off. */
function changesOf(labelSize: number): readonly [Change, Change] {
  const { step, most } = stepsOf(labelSize);
  return [
    { knot: -most, slope: 1 },
    { knot: most - step, slope: -1 },
  ];
}

const cutOf = (labelSize: number): number => STATE_BITS + labelSize - STEP_BITS;

/** Own shares of weights as whole steps from `-most` on, rounded on shares to the nearest: no further digit is there to open. */
export async function coefficientsOnShares(
  session: GroupSession,
  dealt: PieceReceiver,
  weights: RingVector,
  labelSize: number,
): Promise<RingVector> {
  const exact = await spline(session, dealt, weights, STATE_BITS, changesOf(labelSize));
  const bits = cutOf(labelSize);
  if (session.index === 0) addToEach(exact, powers(Z128, 1, bits - 1));
  return truncate(session, dealt, exact, [{ count: lengthOf(exact), bits }]);
}

/** The dealer's part of {@link coefficientsOnShares}, for `count` weights. */
export async function dealCoefficients(
  parties: readonly DealtParty[],
  toLast: PieceSender,
  count: number,
  labelSize: number,
): Promise<void> {
  await dealSpline(parties, toLast, count, changesOf(labelSize).length);
  await dealTruncation(parties, toLast, [{ count, bits: cutOf(labelSize) }]);
}
