import { EXP_BITS, MOST_EXPONENT, exponentials } from '../mpc/exponential.js';
import type { Joint } from '../mpc/joint.js';
import { encode, lengthOf, negateInto, slice, subtract, subtractInto } from '../mpc/ring.js';
import { Z128, concat, type Vector } from '../mpc/rings.js';
import { timesWhole } from '../mpc/sharing.js';
import { SIGMOID, SLOPE_BITS } from '../mpc/spline.js';
import type { Family } from './family.js';

/** Fraction bits of features, labels, means and residuals. */
export const DATA_BITS = EXP_BITS;
/** Fraction bits of coefficients, and of scores: a feature times a coefficient. */
export const COEFFICIENT_BITS = 32;
export const SCORE_BITS = DATA_BITS + COEFFICIENT_BITS;
/** Fraction bits of the weights of rows: those decide how fast a fit converges, not where to. */
export const WEIGHT_BITS = 16;
/** Fraction bits of a public factor. */
const FACTOR_BITS = 30;

/** Of each row, at its score. */
export interface RowTerms {
  /** What the score says of the gradient: (label - mean) / variance * d mean / d score, of `DATA_BITS`. */
  readonly residuals: Vector;
  /** (d mean / d score)^2 / variance, of `WEIGHT_BITS`. */
  readonly weights: Vector;
  /** What of the score is beyond `MOST_EXPONENT`, of `SCORE_BITS`: it counts as that. Null with logit. */
  readonly outside: Vector | null;
  /** What {@link lossOf} says, of `DATA_BITS`. */
  loss(): Promise<Vector>;
}

/** Own shares of what a step needs of each row, from shares of its score (of `SCORE_BITS`) and label (of `DATA_BITS`). */
export function rowTerms(joint: Joint, family: Family, scores: Vector, label: Vector): Promise<RowTerms> {
  return family.link === 'logit' ? ofLogit(joint, scores, label) : ofLog(joint, family.power, scores, label);
}

async function ofLogit(joint: Joint, scores: Vector, label: Vector): Promise<RowTerms> {
  const exact = await joint.spline(scores, SCORE_BITS, SIGMOID);
  const chances = await joint.shift(Z128, Z128, exact, SCORE_BITS + SLOPE_BITS - DATA_BITS);
  const weights = subtract(chances, await product(joint, chances, chances));
  const residuals = subtract(label, chances);
  return {
    residuals,
    weights: await joint.shift(Z128, Z128, weights, DATA_BITS - WEIGHT_BITS),
    outside: null,
    loss: () => product(joint, residuals, residuals),
  };
}

/** With a log link nothing is divided: a residual is label * mean^(1 - power) - mean^(2 - power), and a weight mean^(2 - power). */
async function ofLog(joint: Joint, power: number, scores: Vector, label: Vector): Promise<RowTerms> {
  const count = lengthOf(scores);
  const within = await bounded(joint, scores);
  const exponents = await joint.shift(Z128, Z128, within, SCORE_BITS - EXP_BITS);
  const falling = power === 1 ? [] : [await times(joint, exponents, 1 - power)];
  const rising = power === 2 ? [] : [await times(joint, exponents, 2 - power)];
  const powers = await exponentials(joint, concat([...falling, ...rising]));
  const ones = ofOne(joint, count, 1, DATA_BITS);
  const ofLabel = power === 1 ? label : await product(joint, label, slice(powers, 0, count));
  const ofMean = power === 2 ? ones : slice(powers, lengthOf(powers) - count, lengthOf(powers));
  return {
    residuals: subtract(ofLabel, ofMean),
    weights: await joint.shift(Z128, Z128, ofMean, DATA_BITS - WEIGHT_BITS),
    outside: subtract(scores, within),
    loss: async () =>
      subtract(
        power === 2 ? exponents : await times(joint, ofMean, 1 / (2 - power)),
        power === 1 ? await product(joint, label, exponents) : await times(joint, ofLabel, 1 / (1 - power)),
      ),
  };
}

/** Scores between -`MOST_EXPONENT` and `MOST_EXPONENT`: those beyond count as the nearest end. */
export function bounded(joint: Joint, scores: Vector): Promise<Vector> {
  return boundedBy(joint, scores, SCORE_BITS, MOST_EXPONENT);
}

/** Numbers between -`most` and `most`: those beyond count as the nearest end. */
export async function boundedBy(joint: Joint, values: Vector, bits: number, most: number): Promise<Vector> {
  const changes = [
    { knot: -most, slope: 1 },
    { knot: most, slope: -1 },
  ];
  const above = await joint.spline(values, bits, changes);
  return subtractInto(above, ofOne(joint, lengthOf(above), most, bits));
}

/** Own share of a public number in each element. */
export function ofOne(joint: Joint, count: number, number: number, bits: number): Vector {
  return encode(Array<number>(count).fill(joint.index === 0 ? number : 0), bits);
}

/** Products of elements of `DATA_BITS`, of as many. */
export async function product(joint: Joint, left: Vector, right: Vector): Promise<Vector> {
  return joint.shift(Z128, Z128, await joint.product(Z128, left, right), DATA_BITS);
}

/** Elements times a public number below 2^23, of as many fraction bits. */
export async function times(joint: Joint, values: Vector, factor: number): Promise<Vector> {
  const whole = Math.round(Math.abs(factor) * 2 ** FACTOR_BITS);
  const exact = await joint.shift(Z128, Z128, timesWhole(values, whole), FACTOR_BITS);
  return factor < 0 ? negateInto(exact) : exact;
}
