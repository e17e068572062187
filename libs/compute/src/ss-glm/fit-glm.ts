import { MATRIX_BITS, invert } from '../mpc/inverse-on-shares.js';
import type { Joint } from '../mpc/joint.js';
import { beside, columnsOf, diagonal, diagonalOf, repeated, transposed } from '../mpc/matrices.js';
import {
  add,
  addInto,
  lengthOf,
  negateInto,
  shiftLeftInto,
  slice,
  subtract,
  subtractInto,
  total,
  zeros,
} from '../mpc/ring.js';
import { Z128, concat, type Vector } from '../mpc/rings.js';
import { batches } from '../vertical/split-rows.js';
import {
  COEFFICIENT_BITS,
  DATA_BITS,
  SCORE_BITS,
  WEIGHT_BITS,
  boundedBy,
  ofOne,
  product,
  rowTerms,
  times,
} from './family-on-shares.js';
import type { Family } from './family.js';

/** Rows of one step. */
const ROWS = 2048;
/** A Newton step moves no coefficient by more than this for each deviation of its column. */
const MOST_MOVE = 8;
/** A fit has converged where the next Newton step would move no coefficient by more than this for each deviation. */
const TOLERANCE = 2 ** -12;
/** The sum of squares of what an inverse lacks of one. */
const MOST_RESIDUAL = 2 ** -14;
/** No row may decide more than this share of its own prediction: a larger one would show its label. */
const MOST_LEVERAGE = 1 / 2;
/** Fraction bits of an inverse and of weights, of which leverages are made. */
const INVERSE_BITS = 16;
const SCALED_BITS = 24;
/** Fraction bits of what scores lie outside of their range. */
const OUTSIDE_BITS = 20;
/** The sum of the weights of all rows lies between these powers of two, or is inverted as if it did. */
const LEAST_TRACE = -12;
const MOST_TRACE = 30;

/** What both parties and the dealer know of a fit. */
export interface GlmShape {
  readonly family: Family;
  readonly rows: number;
  readonly columns: readonly [number, number];
  readonly epochs: number;
  readonly hasOffset: boolean;
  readonly hasWeights: boolean;
  /** The weight of the penalty in units of the scaled label, at most 2^20; null without one. The dealer has another number. */
  readonly l2: number | null;
}

/** Own shares of the rows of both parties; columns have mean 0 and a sum of squares of 1, the last one is that of the intercept. */
export interface GlmShares {
  /** Rows `from` to `to`, row-major, and what belongs to each, of `DATA_BITS`. */
  readonly features: (from: number, to: number) => Vector;
  readonly label: (from: number, to: number) => Vector;
  /** With a mean of 1. */
  readonly weights: (from: number, to: number) => Vector;
  /** Of `SCORE_BITS`. */
  readonly offset: (from: number, to: number) => Vector;
  /** Coefficients of a model without columns. */
  readonly start: Vector;
}

/** A fit on shares. */
export interface GlmFit {
  readonly coefficients: Vector;
  /** The mean of `lossOf` of all rows times rows / 2^ceil(log2(rows)), of `DATA_BITS`. */
  readonly loss: Vector;
  /** One bit: whether there is no fit. */
  readonly fails: Uint8Array;
}

/**
 * The most likely coefficients of a generalised linear model, by Fisher scoring, which is iteratively reweighted least squares (J. Nelder, R. Wedderburn, "Generalized Linear
 * Models", J. Royal Statistical Society A 135, 1972; on shares Y. Nardi, S. Fienberg, R. Hall, J. Privacy and Confidentiality 4(1), 2012), from those of a model without columns.
 * Whatever the tables hold, no number leaves the ring: scores and steps are bounded, and each is looked at once more behind the last step.
 */
export async function fitGlm(
  joint: Joint,
  shape: GlmShape,
  shares: GlmShares,
  watch: (fraction: number) => void,
): Promise<GlmFit> {
  let coefficients = shares.start;
  for (let step = 0; ; step += 1) {
    const isLast = step === shape.epochs;
    const sums = await sumsAt(joint, shape, shares, coefficients, isLast, (part) =>
      watch((step + part) / (shape.epochs + 1)),
    );
    const newton = await moveFrom(joint, shape, sums, coefficients);
    if (isLast) {
      const beyond = await rowsBeyond(joint, shape, shares, sums.weights, newton);
      const fails = await failsOf(joint, shape.rows, newton, sums.outside, beyond);
      return { coefficients, loss: sums.loss, fails };
    }
    coefficients = add(coefficients, newton.move);
  }
}

interface Sums {
  /** Of `MATRIX_BITS`. */
  readonly information: Vector;
  /** Of `COEFFICIENT_BITS`. */
  readonly gradient: Vector;
  /** Behind the last step; else 0. */
  readonly loss: Vector;
  readonly outside: Vector;
  /** Behind the last step the weights of all rows, in runs, of `WEIGHT_BITS`; else none. */
  readonly weights: readonly Vector[];
}

async function sumsAt(
  joint: Joint,
  { family, rows, columns: [first, second], hasOffset, hasWeights }: GlmShape,
  shares: GlmShares,
  coefficients: Vector,
  isLast: boolean,
  watch: (fraction: number) => void,
): Promise<Sums> {
  const columns = first + second + 1;
  const sum = zeros(columns * (columns + 1));
  const [loss, outside] = [zeros(1), zeros(1)];
  const weights: Vector[] = [];
  for (const [from, to] of batches(rows, ROWS)) {
    const count = to - from;
    const x = shares.features(from, to);
    const scores = await joint.transposedProduct(transposed(x, count, columns), coefficients, columns);
    if (hasOffset) addInto(scores, shares.offset(from, to));
    const terms = await rowTerms(joint, family, scores, shares.label(from, to));
    const left = hasWeights ? await product(joint, x, repeated(shares.weights(from, to), columns)) : x;
    const weighted = await joint.product(Z128, x, repeated(terms.weights, columns));
    addInto(sum, await joint.transposedProduct(left, beside(weighted, terms.residuals, count), count));
    if (isLast) {
      weights.push(terms.weights);
      const losses = await terms.loss();
      addInto(loss, total(hasWeights ? await product(joint, losses, shares.weights(from, to)) : losses));
      if (terms.outside !== null) {
        const beyond = await joint.shift(Z128, Z128, terms.outside, SCORE_BITS - OUTSIDE_BITS);
        addInto(outside, await joint.transposedProduct(beyond, beyond, count));
      }
    }
    watch(to / rows);
  }
  const information = columnsOf(sum, columns, 0, columns);
  const gradient = columnsOf(sum, columns, columns, columns + 1);
  return {
    information: await joint.shift(Z128, Z128, information, 2 * DATA_BITS + WEIGHT_BITS - MATRIX_BITS),
    gradient: await joint.shift(Z128, Z128, gradient, 2 * DATA_BITS - COEFFICIENT_BITS),
    loss: isLast ? await joint.shift(Z128, Z128, loss, Math.ceil(Math.log2(rows))) : loss,
    outside,
    weights,
  };
}

interface Step {
  /** Of `COEFFICIENT_BITS`. */
  readonly move: Vector;
  /** The inverse of the information times `scale`, of `MATRIX_BITS`, and the sum of squares of what it lacks of one, of twice as many. */
  readonly inverse: Vector;
  readonly lacking: Vector;
  /** A power of two, of `DATA_BITS`. */
  readonly scale: Vector;
}

async function moveFrom(
  joint: Joint,
  { rows, l2 }: GlmShape,
  { information, gradient }: Sums,
  coefficients: Vector,
): Promise<Step> {
  const columns = lengthOf(gradient);
  const matrix = information.slice();
  const slope = gradient.slice();
  if (l2 !== null) {
    const penalty = diagonal(columns, ofOne(joint, 1, l2, MATRIX_BITS));
    addInto(matrix, penalty);
    // The intercept has no penalty.
    subtractInto(slice(matrix, lengthOf(matrix) - 1, lengthOf(matrix)), ofOne(joint, 1, l2, MATRIX_BITS));
    const features = columns - 1;
    subtractInto(slice(slope, 0, features), await times(joint, slice(coefficients, 0, features), l2));
  }
  const scale = await scaleOf(joint, total(diagonalOf(matrix, columns)));
  const scaled = await product(joint, concat([matrix, slope]), repeated(scale, columns * (columns + 1)));
  const size = columns * columns;
  const { inverse, residual } = await invert(joint, slice(scaled, 0, size).slice(), columns, 1);
  const exact = await joint.transposedProduct(inverse, slice(scaled, size, size + columns).slice(), columns);
  const whole = await joint.shift(Z128, Z128, exact, MATRIX_BITS);
  return {
    move: await boundedBy(joint, whole, COEFFICIENT_BITS, MOST_MOVE * Math.sqrt(rows)),
    lacking: await joint.transposedProduct(residual, residual, size),
    inverse,
    scale,
  };
}

/**
 * Own share, of `DATA_BITS`, of the power of two by which a matrix of this trace (of `MATRIX_BITS`) has one between 1/2 and 1, so that its eigenvalues lie between 0 and 1: the
 * normalisation of O. Catrina, A. Saxena, "Secure Computation with Fixed-Point Numbers", FC 2010, by comparisons with each power.
 */
async function scaleOf(joint: Joint, trace: Vector): Promise<Vector> {
  const exponents = Array.from({ length: MOST_TRACE - LEAST_TRACE }, (_, at) => LEAST_TRACE + at);
  const edges = exponents.map((exponent) => ofOne(joint, 1, 2 ** exponent, MATRIX_BITS));
  const below = await joint.negative(Z128, subtract(repeated(trace, exponents.length), concat(edges)));
  const bits = await joint.numbers(Z128, below, exponents.length);
  const scale = ofOne(joint, 1, 2 ** -MOST_TRACE, DATA_BITS);
  // 2^-MOST_TRACE, doubled once for each power that the trace is below.
  for (const [at, exponent] of exponents.entries()) {
    addInto(scale, shiftLeftInto(slice(bits, at, at + 1).slice(), DATA_BITS - exponent - 1));
  }
  return scale;
}

/**
 * Own share of the number of rows whose leverage, which is weight * x' (X'WX)^-1 x, exceeds `MOST_LEVERAGE` (D. Pregibon, "Logistic Regression Diagnostics", Annals of
 * Statistics 9, 1981): what is predicted of such a row is little more than its label, also where each column differs in many rows.
 */
async function rowsBeyond(
  joint: Joint,
  { rows, columns: [first, second], hasWeights }: GlmShape,
  shares: GlmShares,
  weights: readonly Vector[],
  { inverse, scale }: Step,
): Promise<Vector> {
  const columns = first + second + 1;
  const coarse = await joint.shift(Z128, Z128, inverse, MATRIX_BITS - INVERSE_BITS);
  const beyond = zeros(1);
  for (const [at, [from, to]] of batches(rows, ROWS).entries()) {
    const count = to - from;
    const x = shares.features(from, to);
    const ofRows = hasWeights ? await product(joint, weights[at]!, shares.weights(from, to)) : weights[at]!;
    const exact = await joint.product(Z128, ofRows, repeated(scale, count));
    const scaled = await joint.shift(Z128, Z128, exact, WEIGHT_BITS + DATA_BITS - SCALED_BITS);
    const weighted = await joint.product(Z128, x, repeated(scaled, columns));
    const reached = await joint.transposedProduct(transposed(x, count, columns), coarse, columns);
    const room = ofOne(joint, count, MOST_LEVERAGE, 2 * DATA_BITS + INVERSE_BITS + SCALED_BITS);
    const parts = await joint.product(Z128, reached, weighted);
    for (let row = 0; row < count; row += 1) {
      subtractInto(slice(room, row, row + 1), total(slice(parts, row * columns, (row + 1) * columns)));
    }
    addInto(beyond, total(await joint.numbers(Z128, await joint.negative(Z128, room), count)));
  }
  return beyond;
}

/** Whether a limit is passed, as one shared bit: neither party learns which. */
async function failsOf(
  joint: Joint,
  rows: number,
  { move, lacking }: Step,
  outside: Vector,
  beyond: Vector,
): Promise<Uint8Array> {
  const limit = ofOne(joint, lengthOf(move), TOLERANCE * Math.sqrt(rows), COEFFICIENT_BITS);
  const limits = concat([
    subtract(limit, move),
    add(limit, move),
    subtract(ofOne(joint, 1, MOST_RESIDUAL, 2 * MATRIX_BITS), lacking),
    negateInto(outside.slice()),
  ]);
  const passed = await joint.numbers(Z128, await joint.negative(Z128, limits), lengthOf(limits));
  return joint.negative(Z128, negateInto(addInto(total(passed), beyond)));
}
