import type { Joint } from '../mpc/joint.js';
import { add, addInto, encode, subtract, zeros } from '../mpc/ring.js';
import { Z128, type Vector } from '../mpc/rings.js';
import { SIGMOID, SLOPE_BITS } from '../mpc/spline.js';
import { timesWhole } from '../mpc/sharing.js';
import { batches } from '../vertical/split-rows.js';
import { MATRIX_BITS, invert, type Inverse } from '../mpc/inverse-on-shares.js';
import { rowsBeyond } from './leverage-on-shares.js';
import { beside, columnsOf, repeated, transposed } from '../mpc/matrices.js';
import { columnsIn, freeOf, type FitShape } from './fit-shape.js';
import { DATA_BITS, ROWS, type SharedRows } from './shared-rows.js';

/** Fraction bits of coefficients. */
export const COEFFICIENT_BITS = 32;

/** A row may have no more of what some combination of the columns tells: z would be about it. */
const MOST_LEVERAGE = 1 / 2;
/** Newton steps from coefficients of 0. */
const NEWTON_STEPS = 10;

/** A fit on shares. */
export interface Fit {
  /** Of `COEFFICIENT_BITS`. In linear regression times the root of the degrees of freedom. */
  readonly coefficients: Vector;
  /** Of the information of the coefficients, X'WX. */
  readonly information: Inverse;
  /** Of `MATRIX_BITS`: the gradient in units of the information, g' (X'WX)^-1 g, which is 0 at the most likely coefficients; null in linear regression, which
   * has these in one step. */
  readonly decrement: Vector | null;
  /** Of `MATRIX_BITS`: the share of the label's variance that is left, which linear regression has beside the information; else null. */
  readonly unexplained: Vector | null;
  /** The number of rows that have too much of what the columns tell. */
  readonly beyond: Vector;
}

/** Fits all columns and the intercept to the label. */
export function fitColumns(
  joint: Joint,
  shape: FitShape,
  shares: Pick<SharedRows, 'features' | 'label'>,
  watch: (fraction: number) => void,
): Promise<Fit> {
  const table = { ...shares, rows: shape.rows, columns: columnsIn(shape) };
  return shape.regType === 'logistic'
    ? fitLogistic(joint, table, watch)
    : fitLinear(joint, table, freeOf(shape), watch);
}

/**
 * The most likely coefficients of a logistic regression, by Newton steps from 0 (Fisher scoring; on shares by Y. Nardi, S. Fienberg, R. Hall, "Achieving Both Valid
 * and Secure Logistic Regression Analysis on Aggregated Data from Different Private Sources", J. Privacy and Confidentiality 4(1), 2012). The sigmoid is a
 * line of pieces, off by 0.00094 at most. Whatever the data are, no number leaves the ring: steps are bounded by those of the inverse.
 */
async function fitLogistic(joint: Joint, table: SharedRows, watch: (fraction: number) => void): Promise<Fit> {
  const { columns } = table;
  let coefficients = zeros(columns);
  let beyond = zeros(1);
  for (let step = 0; ; step += 1) {
    const sums = await logisticSums(joint, table, coefficients, (part) => watch((step + part) / (NEWTON_STEPS + 1)));
    const information = await invert(joint, sums.information, columns, columns / 4);
    // At coefficients of 0 the information is a quarter of X'X.
    if (step === 0) beyond = await rowsBeyond(joint, table, information.inverse, 4 * MOST_LEVERAGE);
    const exact = await joint.transposedProduct(information.inverse, sums.gradient, columns);
    const move = await joint.shift(Z128, Z128, exact, 2 * MATRIX_BITS - COEFFICIENT_BITS);
    if (step === NEWTON_STEPS) {
      const length = await joint.transposedProduct(move, sums.gradient, columns);
      const decrement = await joint.shift(Z128, Z128, length, COEFFICIENT_BITS);
      return { coefficients, information, decrement, unexplained: null, beyond };
    }
    coefficients = add(coefficients, move);
  }
}

/** The information X'WX and the gradient X'(y - p) at these coefficients, of `MATRIX_BITS`. */
async function logisticSums(
  joint: Joint,
  { rows, columns, features, label }: SharedRows,
  coefficients: Vector,
  watch: (fraction: number) => void,
): Promise<{ information: Vector; gradient: Vector }> {
  const sum = zeros(columns * (columns + 1));
  for (const [from, to] of batches(rows, ROWS)) {
    const count = to - from;
    const x = features(from, to);
    const scores = await joint.transposedProduct(transposed(x, count, columns), coefficients, columns);
    const bits = DATA_BITS + COEFFICIENT_BITS;
    const exact = await joint.spline(scores, bits, SIGMOID);
    const chances = await joint.shift(Z128, Z128, exact, bits + SLOPE_BITS - DATA_BITS);
    const squares = await joint.shift(Z128, Z128, await joint.product(Z128, chances, chances), DATA_BITS);
    const weighted = await joint.product(Z128, x, repeated(subtract(chances, squares), columns));
    const right = beside(weighted, subtract(label(from, to), chances), count);
    addInto(sum, await joint.transposedProduct(x, right, count));
    watch(to / rows);
  }
  // Weighted columns have twice the fraction bits of residuals.
  const information = columnsOf(sum, columns, 0, columns);
  const gradient = columnsOf(sum, columns, columns, columns + 1);
  return {
    information: await joint.shift(Z128, Z128, information, 3 * DATA_BITS - MATRIX_BITS),
    gradient: await joint.shift(Z128, Z128, gradient, 2 * DATA_BITS - MATRIX_BITS),
  };
}

/** Least squares, where the label has a sum of squares of 1: the inverse of X'X times X'y. `free` are the degrees of freedom. */
async function fitLinear(
  joint: Joint,
  table: SharedRows,
  free: number,
  watch: (fraction: number) => void,
): Promise<Fit> {
  const { rows, columns, features, label } = table;
  const sum = zeros(columns * (columns + 1));
  for (const [from, to] of batches(rows, ROWS)) {
    const x = features(from, to);
    addInto(sum, await joint.transposedProduct(x, beside(x, label(from, to), to - from), to - from));
    watch(to / rows);
  }
  const sums = await joint.shift(Z128, Z128, sum, 2 * DATA_BITS - MATRIX_BITS);
  const products = columnsOf(sums, columns, columns, columns + 1);
  const information = await invert(joint, columnsOf(sums, columns, 0, columns), columns, columns);
  const beyond = await rowsBeyond(joint, table, information.inverse, MOST_LEVERAGE);
  const solution = await joint.transposedProduct(information.inverse, products, columns);
  const fine = await joint.shift(Z128, Z128, solution, 2 * MATRIX_BITS - FINE_BITS);
  const explained = await joint.transposedProduct(fine, products, columns);
  const one = joint.index === 0 ? encode([1], MATRIX_BITS) : zeros(1);
  const unexplained = subtract(one, await joint.shift(Z128, Z128, explained, FINE_BITS));
  const scaled = timesWhole(fine, Math.round(Math.sqrt(free) * 2 ** ROOT_BITS));
  const coefficients = await joint.shift(Z128, Z128, scaled, FINE_BITS + ROOT_BITS - COEFFICIENT_BITS);
  return { coefficients, information, decrement: null, unexplained, beyond };
}

/** Fraction bits of coefficients before they are scaled, and of their scale. */
const FINE_BITS = 48;
const ROOT_BITS = 16;
