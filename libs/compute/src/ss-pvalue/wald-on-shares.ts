import { bitOf } from '../mpc/bit-strings.js';
import type { Joint } from '../mpc/joint.js';
import { addInto, encode, lengthOf, negateInto, shiftLeftInto, slice, subtract, total, zeros } from '../mpc/ring.js';
import { Z128, concat, type Vector } from '../mpc/rings.js';
import { timesWhole } from '../mpc/sharing.js';
import { COEFFICIENT_BITS, type Fit } from './fit-on-shares.js';
import { MATRIX_BITS } from '../mpc/inverse-on-shares.js';
import type { FitShape } from './fit-shape.js';
import { diagonalOf, repeated } from '../mpc/matrices.js';
import type { Origin } from './shared-rows.js';

/** The sizes of z that are distinguished: two decimals up to 10, one up to 100, and all beyond. */
const SIZES = [
  ...Array.from({ length: 1000 }, (_, at) => at / 100),
  ...Array.from({ length: 901 }, (_, at) => (at + 100) / 10),
];
/** In the middle between two sizes. */
const EDGES = SIZES.slice(1).map((size, at) => (size + SIZES[at]!) / 2);
/** What there is of a coefficient: its sign, and each edge that its z does not reach. */
const BITS_OF_EACH = 1 + EDGES.length;

/** Fraction bits of variances, and of squared edges. */
const VARIANCE_BITS = 52;
const EDGE_BITS = 30;
/** No coefficient may exceed 2^20. */
const MOST_COEFFICIENT = 20;
/** What is left of a coefficient's way, squared, in standard errors: z is off by 1/256 of one at most. */
const MOST_DECREMENT = 2 ** -16;
/** The sum of squares of what an inverse lacks of one: a standard error is off by 0.4 % at most. */
const MOST_RESIDUAL = 2 ** -14;
/** A label of which less is unexplained is its own columns' sum. */
const LEAST_UNEXPLAINED = 2 ** -16;

/** Shared bits of a Wald test. */
export interface Wald {
  /** One bit: whether a coefficient has no z. Nothing else may be opened then. */
  readonly fails: Uint8Array;
  /** Of the coefficients of each party, as {@link zOf} reads them. */
  readonly bits: readonly [Uint8Array, Uint8Array];
}

/**
 * The Wald test of each coefficient, z = w / sqrt((X'WX)^-1) (A. Wald, 1943), rounded on shares: w^2 is compared with the square of each edge times the
 * variance, so that nothing is divided, and no further digit is there to open. The intercept is that of the columns as they were.
 */
export async function waldOnShares(
  joint: Joint,
  fit: Fit,
  origin: Origin,
  { counts, labelOwner }: FitShape,
): Promise<Wald> {
  const { information, unexplained } = fit;
  const columns = lengthOf(fit.coefficients);
  const features = columns - 1;
  const coefficients = await coefficientsOf(joint, fit, origin);

  const ofColumns = slice(diagonalOf(information.inverse, columns), 0, features).slice();
  const reached = await joint.transposedProduct(information.inverse, origin.columns, columns);
  const kept = await joint.shift(Z128, Z128, reached, MATRIX_BITS);
  const ofIntercept = await joint.transposedProduct(origin.columns, kept, columns);
  let variances = concat([
    shiftLeftInto(ofColumns, VARIANCE_BITS - MATRIX_BITS),
    await joint.shift(Z128, Z128, ofIntercept, 2 * MATRIX_BITS - VARIANCE_BITS),
  ]);
  if (unexplained !== null) {
    const scaled = await joint.product(Z128, variances, repeated(unexplained, columns));
    variances = await joint.shift(Z128, Z128, scaled, MATRIX_BITS);
  }

  const squares = await joint.product(Z128, coefficients, coefficients);
  shiftLeftInto(squares, VARIANCE_BITS + EDGE_BITS - 2 * COEFFICIENT_BITS);
  const below = (at: number): Vector => {
    const factors = EDGES.map((edge) =>
      timesWhole(slice(variances, at, at + 1), Math.round(edge ** 2 * 2 ** EDGE_BITS)),
    );
    return concat([
      slice(coefficients, at, at + 1),
      subtract(repeated(slice(squares, at, at + 1), EDGES.length), concat(factors)),
    ]);
  };
  const places = Array.from({ length: columns }, (_, at) => at);
  const ownerOf = (at: number): 0 | 1 => (at === features ? labelOwner : at < counts[0] ? 0 : 1);
  const bitsOf = async (owner: 0 | 1): Promise<Uint8Array> => {
    const compared = places.filter((at) => ownerOf(at) === owner).map(below);
    return compared.length === 0 ? new Uint8Array() : joint.negative(Z128, concat(compared));
  };
  return { fails: await failsOf(joint, fit, coefficients), bits: [await bitsOf(0), await bitsOf(1)] };
}

/** Own shares of the coefficients of the columns, and of the intercept of the columns as they were, in units of 2^10 / sqrt(rows). */
export async function coefficientsOf(joint: Joint, { coefficients }: Fit, origin: Origin): Promise<Vector> {
  const columns = lengthOf(coefficients);
  const moved = await joint.transposedProduct(origin.columns, coefficients, columns);
  const intercept = await joint.shift(Z128, Z128, moved, MATRIX_BITS);
  return concat([slice(coefficients, 0, columns - 1), addInto(intercept, origin.label)]);
}

/** Whether a limit is passed, as one shared bit: neither party learns which. */
export async function failsOf(
  joint: Joint,
  { information, decrement, unexplained, beyond }: Fit,
  coefficients: Vector,
): Promise<Uint8Array> {
  const { residual } = information;
  const entries = lengthOf(residual);
  const lacking = await joint.transposedProduct(residual, residual, entries);
  const upTo = (most: number, bits: number, value: Vector): Vector => {
    const limit = joint.index === 0 ? encode(Array<number>(lengthOf(value)).fill(most), bits) : zeros(lengthOf(value));
    return subtract(limit, value);
  };
  const limits = concat([
    upTo(2 ** MOST_COEFFICIENT, COEFFICIENT_BITS, coefficients),
    upTo(2 ** MOST_COEFFICIENT, COEFFICIENT_BITS, negateInto(coefficients.slice())),
    upTo(MOST_RESIDUAL, 2 * MATRIX_BITS, lacking),
    ...(decrement ? [upTo(MOST_DECREMENT, MATRIX_BITS, decrement)] : []),
    ...(unexplained ? [upTo(-LEAST_UNEXPLAINED, MATRIX_BITS, negateInto(unexplained.slice()))] : []),
  ]);
  const count = lengthOf(limits);
  const passed = await joint.numbers(Z128, await joint.negative(Z128, limits), count);
  return joint.negative(Z128, negateInto(addInto(total(passed), beyond)));
}

/** z of a party's coefficients, out of their opened bits. */
export function zOf(opened: Uint8Array, count: number): number[] {
  return Array.from({ length: count }, (_, number) => {
    const from = number * BITS_OF_EACH;
    let reached = 0;
    while (reached < EDGES.length && bitOf(opened, from + 1 + reached) === 0) reached += 1;
    const size = SIZES[reached]!;
    return bitOf(opened, from) === 1 && size > 0 ? -size : size;
  });
}
