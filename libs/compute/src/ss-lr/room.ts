import { FEATURE_BITS, STATE_BITS } from '../mpc/ring.js';
import { defaultBatchSize, type Schedule, type TrainingParams } from './schedule.js';

/** Powers of two that no absolute value of the tables exceeds, as exponents: all that a party reveals of its sizes. */
export interface Sizes {
  /** Of the features of each party, 0 or more. */
  readonly features: readonly number[];
  readonly label: number;
}

/** The exponents that are sent: larger values are refused, smaller ones count as these. */
export const MOST_SIZE = 20;
export const LEAST_LABEL_SIZE = -FEATURE_BITS;

/** Fraction bits of a score: a feature times a weight. */
export const SCORE_BITS = FEATURE_BITS + STATE_BITS;
/**
 * Fraction bits of a residual: with room for the squares of labels up to 2^20 in linear regression; in logistic regression so many that their rounding, which
 * differs between runs, moves weights by no more than that of the weights.
 */
export const RESIDUAL_BITS: Record<Schedule['regType'], number> = { logistic: 42, linear: FEATURE_BITS };

/** Bits of a number that is truncated, or whose sign is taken: it lies within +-2^126. */
const RING_BITS = 126;
/** Bits of the mantissa of a step's rate. */
const RATE_BITS = 26;
/** Weights may be at least 4 times as large as the labels. */
export const WEIGHT_BITS = 2;

/** Smaller steps would take hours rather than fail: scaled features fit into larger ones. */
export const LEAST_FITTING = 16;

/** The exponent of the least power of two that no absolute value exceeds. */
export function sizeOf(values: Float64Array, least: number): number {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 2 ** least);
  return Math.ceil(Math.log2(largest));
}

/**
 * The exponent of the largest weights with which no number of a step can leave the ring, or null where the features and
 * labels are too large for any useful weight. While every weight stays within it, training does not overflow.
 */
export function weightBitsOf(
  { regType, batchSize, l2 }: Pick<Schedule, 'regType' | 'batchSize' | 'l2'>,
  rows: number,
  columns: readonly number[],
  sizes: Sizes,
): number | null {
  const bits = RESIDUAL_BITS[regType];
  const batch = Math.ceil(Math.log2(Math.min(batchSize, rows)));
  // The sum of the squares of all residuals, and the gradient of a batch times its rate, must fit.
  const ofSquares = Math.floor((RING_BITS - 2 * bits - Math.ceil(Math.log2(rows))) / 2);
  const ofGradient = RING_BITS - 1 - FEATURE_BITS - bits - RATE_BITS - batch - Math.max(...sizes.features);
  // A residual is at most twice the larger of score and label.
  const most = Math.min(ofSquares, ofGradient) - 1;
  const score = scoreSize(columns, sizes.features);
  const weightBits = Math.min(
    most - score + (regType === 'logistic' ? 3 : 0),
    RING_BITS - 2 - SCORE_BITS - score,
    // Weights times the decay of a step, beside its gradient.
    l2 > 0 ? RING_BITS - 1 - FEATURE_BITS - bits - RATE_BITS - Math.ceil(Math.log2(l2)) : RING_BITS,
  );
  const label = Math.max(sizes.label, 0);
  return most >= label && weightBits >= label + WEIGHT_BITS ? weightBits : null;
}

/**
 * The schedule of a training on so many rows, and the exponent of its largest weights; null where there is no room. Where the size of a batch is
 * open, large values get smaller batches, as those leave more room.
 */
export function fittingSchedule(
  training: TrainingParams,
  rows: number,
  columns: readonly number[],
  sizes: Sizes,
): { readonly schedule: Schedule; readonly weightBits: number } | null {
  const named = training.batchSize;
  for (let batchSize = named ?? defaultBatchSize(rows); ; batchSize /= 2) {
    const schedule = { ...training, batchSize };
    const weightBits = weightBitsOf(schedule, rows, columns, sizes);
    if (weightBits !== null) return { schedule, weightBits };
    if (named !== null || batchSize <= LEAST_FITTING) return null;
  }
}

/** Whether scores of features of these sizes fit, with weights up to 2^weightBits. */
export function scoresFit(columns: readonly number[], features: readonly number[], weightBits: number): boolean {
  return scoreSize(columns, features) + weightBits + SCORE_BITS < RING_BITS;
}

/** The exponent of the largest score where every weight is 1. */
export function scoreSize(columns: readonly number[], features: readonly number[]): number {
  return Math.ceil(Math.log2(columns.reduce((sum, count, party) => sum + count * 2 ** features[party]!, 1)));
}
