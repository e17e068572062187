import { LEAST_FITTING, WEIGHT_BITS, scoreSize, type Sizes } from '../ss-lr/room.js';
import { defaultBatchSize, type Schedule, type TrainingParams } from '../ss-lr/schedule.js';
import type { LrProtocol } from './lr-protocols.js';

type Numbers = Pick<LrProtocol, 'ringBits' | 'fractionBits' | 'margin'>;

/** Larger weights would make the shares of 64 bits that a model is kept from fail more often than once in 2^30 weights. */
const MOST_WEIGHT_BITS = 16;
/** Fraction bits that a label's steps of 1/1024 leave for rounding. */
const BELOW_STEPS = 2;
const STEP_BITS = 10;
/** Squares are compared with numbers of up to ten times the largest. */
const ABOVE_SQUARES = 4;

/** Whole bits of a product: it has twice the fraction bits before it is rounded. */
const roomOf = ({ ringBits, fractionBits, margin }: Numbers): number => ringBits - 1 - margin - 2 * fractionBits;
const bitsOf = (number: number): number => Math.max(0, Math.ceil(Math.log2(number)));

/**
 * The exponent of the largest weights with which no number of a step can leave the ring of SPU, or null where the features and labels
 * are too large for any useful weight. While every weight stays within it after every step, training does not overflow.
 */
function spuWeightBits(
  numbers: Numbers,
  { regType, batchSize, learningRate, l2 }: Schedule,
  rows: number,
  columns: readonly number[],
  sizes: Sizes,
): number | null {
  const { ringBits, fractionBits } = numbers;
  const room = roomOf(numbers);
  const ofLine = regType === 'logistic' ? 3 : 0;
  const score = scoreSize(columns, sizes.features);
  const gradient = Math.max(...sizes.features) + Math.max(bitsOf(Math.min(batchSize, rows)), bitsOf(learningRate));
  const ofSquares = Math.floor((ringBits - 1 - fractionBits - bitsOf(rows) - ABOVE_SQUARES) / 2);
  // A residual is at most twice the larger of score and label.
  const most = Math.min(room - gradient, Math.floor(room / 2), ofSquares) - 1;
  const weightBits = Math.min(
    most - score + ofLine,
    room - score,
    room - bitsOf(learningRate) - bitsOf(l2),
    MOST_WEIGHT_BITS,
  );
  const label = Math.max(sizes.label, 0);
  const isFine = regType === 'logistic' || sizes.label >= STEP_BITS + BELOW_STEPS - fractionBits;
  return isFine && most >= label && weightBits >= label + WEIGHT_BITS ? weightBits : null;
}

/** The most bits that steps are summed up with below those of the weights. */
const FINER_BITS = 12;

/**
 * By how many bits steps are summed up finer than the weights are: a step of a small rate is a few units of their last place. No more than leaves a step, and
 * with an l1 penalty a weight, as much room as the gradient of its batch takes.
 */
function finerBits(
  numbers: Numbers,
  { batchSize, learningRate, l1 }: Schedule,
  rows: number,
  weightBits: number,
): number {
  const ofStep = bitsOf(Math.min(batchSize, rows)) - bitsOf(learningRate);
  const ofWeight = l1 > 0 ? roomOf(numbers) - 1 - weightBits : FINER_BITS;
  return Math.max(0, Math.min(ofStep, ofWeight, FINER_BITS));
}

/** How training goes on SPU, with the exponent of its largest weights. */
export interface SpuSchedule {
  readonly schedule: Schedule;
  readonly weightBits: number;
  readonly finerBits: number;
}

/** The schedule of a training on SPU, and the exponent of its largest weights; null where there is no room. As on native, large values get smaller batches. */
export function spuSchedule(
  numbers: Numbers,
  training: TrainingParams,
  rows: number,
  columns: readonly number[],
  sizes: Sizes,
): SpuSchedule | null {
  const named = training.batchSize;
  for (let batchSize = named ?? defaultBatchSize(rows); ; batchSize /= 2) {
    const schedule = { ...training, batchSize };
    const weightBits = spuWeightBits(numbers, schedule, rows, columns, sizes);
    if (weightBits !== null) return { schedule, weightBits, finerBits: finerBits(numbers, schedule, rows, weightBits) };
    if (named !== null || batchSize <= LEAST_FITTING) return null;
  }
}
