/** Plain arithmetic of one party's rows: no file, no channel. */
import type { NumericColumns } from '../table/numeric-columns.js';
import type { Objective } from './model.js';

/** Parameters of the fit, public and the same for every party. */
export interface FitPlan {
  readonly objective: Objective;
  /** Passes over the rows. */
  readonly epochs: number;
  /** Rows of one step; 0 takes them all. */
  readonly batchSize: number;
  readonly learningRate: number;
  /** Weight of the penalty: the loss is the mean over the rows plus l2 / 2 times the squared weights. */
  readonly l2: number;
}

/** Mean and deviation of each column. */
export interface Scaling {
  readonly means: Float64Array;
  readonly deviations: Float64Array;
}

/** The sum of each of the first `columns` columns. */
export function columnSums(table: NumericColumns, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  for (let row = 0; row < table.rows; row += 1) {
    const start = row * table.columns;
    for (let column = 0; column < columns; column += 1) sums[column]! += table.values[start + column]!;
  }
  return sums;
}

/** The sum of squared distances of each column from `means`. */
export function squaredDistances(table: NumericColumns, means: Float64Array): Float64Array {
  const sums = new Float64Array(means.length);
  for (let row = 0; row < table.rows; row += 1) {
    const start = row * table.columns;
    for (let column = 0; column < means.length; column += 1) {
      sums[column]! += (table.values[start + column]! - means[column]!) ** 2;
    }
  }
  return sums;
}

/** Scaling from sums over `rows` rows; a column that never changes is only centred. */
export function scalingOf(rows: number, means: Float64Array, squares: Float64Array): Scaling {
  return { means, deviations: squares.map((sum) => Math.sqrt(sum / rows) || 1) };
}

/** Scales the columns that `scaling` has, in place. */
export function scaleInPlace(table: NumericColumns, { means, deviations }: Scaling): void {
  for (let row = 0; row < table.rows; row += 1) {
    const start = row * table.columns;
    for (let column = 0; column < means.length; column += 1) {
      table.values[start + column] = (table.values[start + column]! - means[column]!) / deviations[column]!;
    }
  }
}

/** Weights on scaled columns (intercept last) as weights on the columns as they were. */
export function unscaled(weights: Float64Array, { means, deviations }: Scaling): Float64Array {
  const raw = weights.slice();
  const last = weights.length - 1;
  for (let column = 0; column < last; column += 1) {
    raw[column] = weights[column]! / deviations[column]!;
    raw[last]! -= raw[column]! * means[column]!;
  }
  return raw;
}

/** Weights on columns as they are (intercept last) as weights on scaled columns: the inverse of {@link unscaled}. */
export function scaled(raw: Float64Array, { means, deviations }: Scaling): Float64Array<ArrayBuffer> {
  const weights = Float64Array.from(raw);
  const last = raw.length - 1;
  for (let column = 0; column < last; column += 1) {
    weights[column] = raw[column]! * deviations[column]!;
    weights[last]! += raw[column]! * means[column]!;
  }
  return weights;
}

/** The score of a row; `weights` has one entry a feature and the intercept last. */
function scoreOf(table: NumericColumns, row: number, weights: ArrayLike<number>): number {
  const start = row * table.columns;
  const columns = weights.length - 1;
  let score = weights[columns]!;
  for (let column = 0; column < columns; column += 1) score += weights[column]! * table.values[start + column]!;
  return score;
}

export function sigmoid(score: number): number {
  return 1 / (1 + Math.exp(-score));
}

/**
 * Mini-batch gradient descent, in place, on rows whose last column is the label; batches are runs of `order`. `onBatch` is
 * called with the share of work that is done.
 */
export function descend(
  table: NumericColumns,
  weights: Float64Array,
  plan: FitPlan,
  order: Uint32Array,
  onBatch: (fraction: number) => void = () => {},
): void {
  const columns = weights.length - 1;
  const size = plan.batchSize === 0 ? order.length : plan.batchSize;
  const gradient = new Float64Array(weights.length);
  for (let epoch = 0; epoch < plan.epochs; epoch += 1) {
    for (let from = 0; from < order.length; from += size) {
      const to = Math.min(from + size, order.length);
      gradient.fill(0);
      for (let place = from; place < to; place += 1) {
        const start = order[place]! * table.columns;
        const score = scoreOf(table, order[place]!, weights);
        const residual = (plan.objective === 'logistic' ? sigmoid(score) : score) - table.values[start + columns]!;
        for (let column = 0; column < columns; column += 1) {
          gradient[column]! += residual * table.values[start + column]!;
        }
        gradient[columns]! += residual;
      }
      const rate = plan.learningRate;
      for (let column = 0; column < columns; column += 1) {
        weights[column]! -= rate * (gradient[column]! / (to - from) + plan.l2 * weights[column]!);
      }
      weights[columns]! -= (rate * gradient[columns]!) / (to - from);
      onBatch((epoch + to / order.length) / plan.epochs);
    }
  }
}

/** The summed loss of the rows: cross entropy in logistic, squared residual in linear regression. */
export function lossSum(table: NumericColumns, weights: Float64Array, objective: Objective): number {
  let sum = 0;
  for (let row = 0; row < table.rows; row += 1) {
    const score = scoreOf(table, row, weights);
    const label = table.values[(row + 1) * table.columns - 1]!;
    sum += objective === 'linear' ? (score - label) ** 2 : crossEntropy(label === 1 ? score : -score);
  }
  return sum;
}

/** -log of the probability of what happened, where `margin` is the score in its favour; never Infinity for a finite one. */
function crossEntropy(margin: number): number {
  return margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
}
