import type { Joint } from './joint.js';
import { add, addToEach, encode, type RingVector } from './ring.js';
import { Z128 } from './rings.js';
import { timesWhole } from './sharing.js';

/** The largest size of an exponent. */
export const MOST_EXPONENT = 7;
/** Fraction bits of exponents and of their exponentials. */
export const EXP_BITS = 40;

/** How often an exponent is halved, and its exponential squared. */
const HALVINGS = 5;
/** Fraction bits of what a coefficient is rounded to. */
const COEFFICIENT_BITS = 30;
const PRODUCT_BITS = EXP_BITS + COEFFICIENT_BITS;

/** Interpolates exp in the nodes of the sixth Chebyshev polynomial between -7/32 and 7/32: off by 5.9e-09 of itself at most. */
const COEFFICIENTS = [1.0000000048, 1.0000000007, 0.4999982089, 0.1666664109, 0.0417664533, 0.0083475855] as const;

/**
 * Own share of exp of each shared value between -7 and 7, both of `EXP_BITS`, by scaling and squaring: exp(x) = exp(x / 32)^32 (C. Moler, C. Van Loan, "Nineteen Dubious Ways
 * to Compute the Exponential of a Matrix", SIAM Review 45, 2003, method 3; on shares with a line for exp(x / 2^n), B. Knott and others, "CrypTen: Secure
 * Multi-Party Computation Meets Machine Learning", NeurIPS 2021), with a Chebyshev polynomial of degree 5 for exp(x / 32). Off by 2e-7 of itself and
 * 2^-36 at most. 37 rounds, whatever the number of values.
 */
export async function exponentials(joint: Joint, values: RingVector): Promise<RingVector> {
  const cut = (exact: RingVector, bits: number): Promise<RingVector> => joint.shift(Z128, Z128, exact, bits);
  const x = await cut(values, HALVINGS);
  const square = await cut(await joint.product(Z128, x, x), EXP_BITS);
  /** The terms of degree `of` and one more, over x^of. */
  const pair = (of: number): RingVector => {
    const linear = timesWhole(x, Math.round(COEFFICIENTS[of + 1]! * 2 ** COEFFICIENT_BITS));
    return joint.index === 0 ? addToEach(linear, encode([COEFFICIENTS[of]!], PRODUCT_BITS)) : linear;
  };
  let sum = pair(4);
  for (const of of [2, 0]) sum = add(await cut(await joint.product(Z128, sum, square), EXP_BITS), pair(of));
  let power = await cut(sum, COEFFICIENT_BITS);
  for (let done = 0; done < HALVINGS; done += 1) power = await cut(await joint.product(Z128, power, power), EXP_BITS);
  return power;
}
