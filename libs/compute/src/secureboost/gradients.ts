import { WORDS, zeros, type RingVector } from '../mpc/ring.js';
import type { Objective } from '../vertical/boosting.js';

/** Fraction bits of first and second derivatives: sums over 2^22 rows stay whole numbers that a double holds. */
const BITS = 30;
const ONE = 2 ** BITS;
const WORD = 2 ** 32;
const SMALLEST_SCALE = -900;

/**
 * First and second derivatives of the loss at each row, as whole numbers, so that their sums are exact in any order.
 * Rows outside a tree's sample have 0.
 */
export interface Gradients {
  readonly first: Float64Array;
  readonly second: Float64Array;
  /** The value of one unit of `first`. `second` is in units of 2^-30. */
  readonly unit: number;
}

/** Sums of first and second derivatives. */
export interface Totals {
  readonly first: number;
  readonly second: number;
}

/** The most that one row adds to the sum of second derivatives, in its unit. */
export const LARGEST_SECOND: Record<Objective, number> = { logistic: ONE / 4, linear: ONE };

export const sigmoid = (score: number): number => 1 / (1 + Math.exp(-score));

/** Derivatives at the scores, for the rows of `sample` (all where it is null). */
export function gradientsOf(
  objective: Objective,
  scores: Float64Array,
  label: Float64Array,
  sample: Uint32Array | null,
): Gradients {
  const errors = scores.map((score, row) => (objective === 'logistic' ? sigmoid(score) : score) - label[row]!);
  const largest = errors.reduce((most, error) => Math.max(most, Math.abs(error)), 0);
  // A power of two above every error, so that dividing by it is exact, and large enough to be divided itself.
  const scale = objective === 'logistic' ? 1 : 2 ** Math.max(SMALLEST_SCALE, Math.ceil(Math.log2(largest)));
  const first = new Float64Array(scores.length);
  const second = new Float64Array(scores.length);
  const put = (row: number): void => {
    const error = errors[row]!;
    first[row] = Math.round((error / scale) * ONE);
    const p = error + label[row]!;
    second[row] = objective === 'linear' ? ONE : Math.max(1, Math.round(p * (1 - p) * ONE));
  };
  if (sample) sample.forEach(put);
  else for (let row = 0; row < scores.length; row += 1) put(row);
  return { first, second, unit: scale / ONE };
}

/** The weight of a leaf: the minimum of the second-order expansion of the loss. */
export function leafWeight(totals: Totals, gradients: Gradients, lambda: number): number {
  const curvature = totals.second / ONE + lambda;
  return curvature === 0 ? 0 : (-totals.first * gradients.unit) / curvature;
}

/** Twice the loss reduction of one leaf for these rows. */
export function leafScore(totals: Totals, gradients: Gradients, lambda: number): number {
  const curvature = totals.second / ONE + lambda;
  return curvature === 0 ? 0 : (totals.first * gradients.unit) ** 2 / curvature;
}

/**
 * Both derivatives of the rows as one ring element each, all others 0: the second in the lower 64 bits, where its sums
 * are never negative, and the first in the upper 64.
 */
export function packed(gradients: Gradients, rows: Uint32Array): RingVector {
  const vector = zeros(gradients.first.length);
  for (const row of rows) {
    const [first, second] = [gradients.first[row]!, gradients.second[row]!];
    const at = row * WORDS;
    vector[at] = second % WORD;
    vector[at + 1] = Math.floor(second / WORD);
    vector[at + 2] = first - Math.floor(first / WORD) * WORD;
    vector[at + 3] = Math.floor(first / WORD);
  }
  return vector;
}

/** Unpacks sums of packed derivatives. */
export function unpacked(sums: RingVector): { first: Float64Array; second: Float64Array } {
  const length = sums.length / WORDS;
  const first = new Float64Array(length);
  const second = new Float64Array(length);
  for (let index = 0; index < length; index += 1) {
    const at = index * WORDS;
    second[index] = sums[at + 1]! * WORD + sums[at]!;
    first[index] = (sums[at + 3]! | 0) * WORD + sums[at + 2]!;
  }
  return { first, second };
}
