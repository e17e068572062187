import type { Joint } from './joint.js';
import { encode, shiftLeftInto, subtract, zeros } from './ring.js';
import { Z128, type Vector } from './rings.js';
import { diagonal, symmetric } from './matrices.js';

/** Fraction bits of a matrix and of its inverse. */
export const MATRIX_BITS = 40;

/** Steps: an eigenvalue of 2^-20 of `most` is inverted to 2^-23 of itself, one of 2^-22 and less is refused by its residual. */
const STEPS = 24;

/** An inverse on shares, and what it lacks: the identity less matrix * inverse. */
export interface Inverse {
  readonly inverse: Vector;
  readonly residual: Vector;
}

/**
 * Own share of the inverse of a shared symmetric matrix whose eigenvalues lie between 0 and `most`, by X <- X (2I - A X) from X = I / most
 * (G. Schulz, "Iterative Berechnung der reziproken Matrix", ZAMM 13, 1933; on shares by R. Hall, S. Fienberg, Y. Nardi, "Secure Multiple Linear Regression Based
 * on Homomorphic Encryption", J. Official Statistics 27(4), 2011). What an eigenvalue e lacks of its inverse is (1 - e / most)^(2^24) of it. No entry
 * exceeds 2^24 / most, also where the matrix is singular. Entries of the matrix are below 2^40. Some eight rounds a step.
 */
export async function invert(joint: Joint, matrix: Vector, size: number, most: number): Promise<Inverse> {
  const identity = joint.index === 0 ? diagonal(size, encode([1], MATRIX_BITS)) : zeros(size * size);
  const twice = shiftLeftInto(identity.slice(), 1);
  const times = async (left: Vector, right: Vector): Promise<Vector> =>
    joint.shift(Z128, Z128, await joint.transposedProduct(left, right, size), MATRIX_BITS);
  let inverse = joint.index === 0 ? diagonal(size, encode([1 / most], MATRIX_BITS)) : zeros(size * size);
  for (let step = 0; step < STEPS; step += 1) {
    // Both factors are their own transposes: what rounding makes of that is taken out, or it would double in each step.
    const factor = subtract(twice, await times(matrix, inverse));
    inverse = symmetric(await times(inverse, factor), size);
  }
  return { inverse, residual: subtract(identity, await times(matrix, inverse)) };
}
