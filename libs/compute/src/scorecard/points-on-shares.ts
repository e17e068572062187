import type { Joint } from '../mpc/joint.js';
import { addToEach, encode, lengthOf, slice, subtract, zeros } from '../mpc/ring.js';
import { Z128, concat, type Vector } from '../mpc/rings.js';
import { COEFFICIENT_BITS } from '../ss-pvalue/fit-on-shares.js';
import { repeated } from '../mpc/matrices.js';

/** The most values of a column. All columns have as many here, so that nobody learns how many there are. */
export const MOST_VALUES = 50;
/** Points lie within +-2000: a column of 50 values opens log2(1 + 50 x 4000) bits at most, as each step of points is passed once. */
const MOST_POINTS = 2000;

/** Fraction bits of what a coefficient is multiplied by. */
export const MULTIPLE_BITS = 40;

/**
 * Own share of the points of each value, whole numbers: coefficient times multiple, rounded on shares to the nearest. `multiples` has `MOST_VALUES` elements
 * for each column, and one for the intercept, which comes last; `base` is added to that.
 */
export async function pointsOnShares(
  joint: Joint,
  coefficients: Vector,
  multiples: Vector,
  base: number,
): Promise<Vector> {
  const features = lengthOf(coefficients) - 1;
  const count = features * MOST_VALUES + 1;
  const factors = concat([
    repeated(slice(coefficients, 0, features), MOST_VALUES),
    slice(coefficients, features, features + 1),
  ]);
  const exact = await joint.product(Z128, factors, multiples);
  const bits = COEFFICIENT_BITS + MULTIPLE_BITS;
  if (joint.index === 0) {
    addToEach(exact, encode([0.5], bits));
    addToEach(slice(exact, count - 1, count), encode([base], bits));
  }
  const cut = await joint.spline(exact, bits, [
    { knot: -MOST_POINTS, slope: 1 },
    { knot: MOST_POINTS, slope: -1 },
  ]);
  const most = joint.index === 0 ? encode(Array<number>(count).fill(MOST_POINTS), 0) : zeros(count);
  return subtract(await joint.shift(Z128, Z128, cut, bits), most);
}
