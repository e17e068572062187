import { FEATURE_BITS, STATE_BITS } from '../mpc/ring.js';
import { factorOf, type Factor } from '../mpc/sharing.js';
import { RESIDUAL_BITS, SCORE_BITS } from './room.js';
import type { RegType, Schedule } from './schedule.js';

/** log2 of the divisor of the sigmoid's line, 0.5 + z/8. */
const SIGMOID_SHIFT: Record<RegType, number> = { logistic: 3, linear: 0 };

/** Fraction bits of residuals before they are rounded. */
export const lineBits = (regType: RegType): number => SCORE_BITS + SIGMOID_SHIFT[regType];

/** The bits that rounded residuals have lost. */
export const residualCut = (regType: RegType): number => lineBits(regType) - RESIDUAL_BITS[regType];

/** The public factors of a step. */
interface Step {
  /** Of the gradient: rate / rows. */
  readonly rate: Factor;
  /** Of the weights, by the l2 penalty. It has no more bits than are cut. */
  readonly decay: Factor;
  /** By how much weights move towards 0. */
  readonly l1: number;
  /** The bits that the product of gradient and rate has to lose. */
  readonly cut: number;
}

/** The factors of a step of `count` rows. */
export function stepOf({ regType, learningRate, l1, l2 }: Schedule, count: number): Step {
  const rate = factorOf(learningRate / count);
  const cut = FEATURE_BITS + RESIDUAL_BITS[regType] + rate.bits - STATE_BITS;
  return { rate, decay: factorOf((learningRate / count) * l2, cut), l1: (learningRate / count) * l1, cut };
}
