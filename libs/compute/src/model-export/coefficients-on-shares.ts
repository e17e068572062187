import { rounded, type Joint } from '../mpc/joint.js';
import { STATE_BITS } from '../mpc/ring.js';
import { Z128, type Vector } from '../mpc/rings.js';

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

/** Own shares of weights as whole steps from `-most` on, rounded on shares to the nearest: no further digit is there to open. */
export async function coefficientsOnShares(joint: Joint, weights: Vector, labelSize: number): Promise<Vector> {
  const { step, most } = stepsOf(labelSize);
  const cut = await joint.spline(weights, STATE_BITS, [
    { knot: -most, slope: 1 },
    { knot: most - step, slope: -1 },
  ]);
  return rounded(joint, Z128, cut, STATE_BITS + labelSize - STEP_BITS);
}
