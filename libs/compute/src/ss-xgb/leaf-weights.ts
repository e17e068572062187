import { rounded, type Joint } from '../mpc/joint.js';
import { Z128, concat, constant, countOf, powers, type Vector } from '../mpc/rings.js';
import { DROPPED_BITS, LEAST } from './candidates.js';

/** Fraction bits of a reciprocal. */
const BITS = 40;
const RATE_BITS = 16;
/** The most that a leaf may add to a score of the logistic loss, before the learning rate. */
const LARGEST = 32;

export interface WeightRules {
  /** Both in the unit of the sums in Z_2^32, as the least sum of second derivatives of a leaf that was split off. */
  readonly least: number;
  readonly lambda: number;
  readonly learningRate: number;
  readonly scoreBits: number;
  /** Whether to keep a weight within {@link LARGEST}. */
  readonly bounded: boolean;
}

/**
 * Shares in Z_2^32 of the weights -rate G / (H + lambda) of leaves, of sums in Z_2^128 that lost {@link DROPPED_BITS}. The
 * reciprocal is found by Newton's iteration x (2 - d x) from below (O. Catrina, A. Saxena, "Secure Computation with
 * Fixed-Point Numbers", FC 2010, section 3.4), enough steps for any leaf that a split made: a leaf of less weight, which
 * only a node that was never split can be, gets too small a weight, never one too large.
 */
export async function leafWeights(joint: Joint, first: Vector, second: Vector, rules: WeightRules): Promise<Vector> {
  const count = countOf(Z128, first);
  const unit = 2 ** DROPPED_BITS;
  // At least 1, of at most 2^25 and the penalty, which the sums in Z_2^32 have room for.
  const penalty = Math.round(rules.lambda / unit) + LEAST;
  const known = (whole: number): Vector =>
    joint.index === 0 ? constant(Z128, count, whole) : new Uint32Array(count * Z128.words);
  const largest = 30 - DROPPED_BITS;
  const divisor = Z128.multiply(Z128.add(second, known(penalty)), powers(Z128, count, BITS - largest));
  let reciprocal = known(2 ** BITS);
  const smallest = Math.log2(rules.least / unit + penalty);
  for (let step = 0; step < Math.ceil(largest - smallest) + 5; step += 1) {
    const product = await joint.shift(Z128, Z128, await joint.product(Z128, divisor, reciprocal), BITS);
    const factor = Z128.subtract(known(2 ** (BITS + 1)), product);
    reciprocal = await joint.shift(Z128, Z128, await joint.product(Z128, reciprocal, factor), BITS);
  }
  const rate = constant(Z128, count, -Math.round(rules.learningRate * 2 ** RATE_BITS));
  const quotient = await joint.product(Z128, Z128.multiply(first, rate), reciprocal);
  let weights = await rounded(joint, Z128, quotient, BITS + largest + RATE_BITS - rules.scoreBits);
  if (rules.bounded)
    weights = await within(joint, weights, Math.round(LARGEST * rules.learningRate * 2 ** rules.scoreBits));
  return weights.filter((_, at) => at % Z128.words === 0);
}

/** The values, or the bound where they pass it. */
async function within(joint: Joint, values: Vector, bound: number): Promise<Vector> {
  const count = countOf(Z128, values);
  const limit = joint.index === 0 ? constant(Z128, count, bound) : new Uint32Array(values.length);
  const [above, below] = [Z128.subtract(limit, values), Z128.add(values, limit)];
  const excess = concat([above, below]);
  const passed = await joint.numbers(Z128, await joint.negative(Z128, excess), 2 * count);
  const parts = await joint.product(Z128, passed, excess);
  return Z128.subtract(Z128.add(values, parts.subarray(0, values.length)), parts.subarray(values.length));
}
