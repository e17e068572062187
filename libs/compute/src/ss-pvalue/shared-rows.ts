import type { Vector } from '../mpc/rings.js';

/** Own shares of the rows of both parties, and of the label. Columns have a sum of squares of 1; the last one is that of the intercept. */
export interface SharedRows {
  readonly rows: number;
  readonly columns: number;
  /** Rows `from` to `to`, row-major, and their labels, of `DATA_BITS`. */
  readonly features: (from: number, to: number) => Vector;
  readonly label: (from: number, to: number) => Vector;
}

/** Fraction bits of features, labels and probabilities. */
export const DATA_BITS = 40;

/** Rows of one step. */
export const ROWS = 2048;

/** Where the columns of a fit come from, as own shares: of their means in deviations, each times -2^-10, and 2^-10 for the intercept. */
export interface Origin {
  /** Of `MATRIX_BITS`, an element for each column. */
  readonly columns: Vector;
  /** Of `COEFFICIENT_BITS`: the same of the label's mean, as it enters the intercept. */
  readonly label: Vector;
}

/** A column's mean is at most 2^10 deviations: the intercept is in units of that. */
export const ORIGIN_BITS = 10;
