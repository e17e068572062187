import { TaskFailure } from '../contract/task-type.js';
import { Moments } from './accumulators.js';
import type { NumericColumns } from './numeric-columns.js';

/** A spread below this part of the mean is rounding, not data. */
const NO_SPREAD = 1e-13;

/** Whether no value of a column is further from its mean than rounding puts it. */
export function isConstant(mean: number, spread: number): boolean {
  return spread <= Math.abs(mean) * NO_SPREAD;
}

/**
 * Standardises a column where it lies, and returns its mean and the root of its sum of squares about it. Throws TaskFailure
 * CONSTANT_COLUMN, NON_NUMERIC.
 */
export function standardise(
  { values, columns }: NumericColumns,
  column: number,
  party: string,
  path: string,
  name: string,
): { readonly mean: number; readonly norm: number } {
  const moments = new Moments();
  for (let at = column; at < values.length; at += columns) moments.add(values[at]!);
  let spread = 0;
  for (let at = column; at < values.length; at += columns) {
    spread = Math.max(spread, Math.abs(values[at]! - moments.mean));
  }
  const refuse = (code: string, why: string): TaskFailure =>
    new TaskFailure(code, `Party ${party}: column ${JSON.stringify(name)} of ${path} ${why}.`, false, {
      party,
      column: name,
    });
  if (!Number.isFinite(spread)) throw refuse('NON_NUMERIC', 'spans more than a number can hold; scale it first');
  if (isConstant(moments.mean, spread)) {
    throw refuse('CONSTANT_COLUMN', 'has the same value in every row, which correlates with nothing; leave it out');
  }
  let squares = 0;
  for (let at = column; at < values.length; at += columns) {
    values[at]! -= moments.mean;
    squares += (values[at]! / spread) ** 2;
  }
  const norm = spread * Math.sqrt(squares);
  for (let at = column; at < values.length; at += columns) values[at]! /= norm;
  return { mean: moments.mean, norm };
}
