import { MIN_GROUP_ROWS } from '#libs/consent';

/** Figures of predicted numbers against the true ones. */
export interface RegressionMetrics {
  /** Mean squared error. */
  readonly mse: number;
  readonly rmse: number;
  /** Mean absolute error. */
  readonly mae: number;
  /** Mean absolute error relative to the true value; null if a true value is 0. */
  readonly mape: number | null;
  /** Part of the variance that the predictions explain: 1 is perfect, 0 as good as always saying the mean. */
  readonly r2_score: number;
  /** As r2_score, but for predictions that are all off by the same. */
  readonly explained_variance: number;
}

/** The metrics, in the order in which they are reported. */
export const REGRESSION_METRICS = [
  'mse',
  'rmse',
  'mae',
  'mape',
  'r2_score',
  'explained_variance',
] as const satisfies readonly (keyof RegressionMetrics)[];
export type RegressionMetricName = keyof RegressionMetrics;

/** Rows of neighbouring predictions, or residuals. */
export interface NumberBucket {
  readonly rows: number;
  readonly mean_prediction: number;
  readonly mean_label: number;
}

export function meanOf(values: Float64Array): number {
  // Around the first value, so that large numbers close to each other lose nothing.
  const base = values[0]!;
  return base + values.reduce((sum, value) => sum + (value - base), 0) / values.length;
}

/** Metrics of as many labels as predictions, at least one; the labels must not all be the same. */
export function regressionMetrics(labels: Float64Array, predictions: Float64Array): RegressionMetrics {
  const rows = labels.length;
  const residuals = labels.map((label, row) => label - predictions[row]!);
  const [center, bias] = [meanOf(labels), meanOf(residuals)];
  const mean = (of: (residual: number, row: number) => number): number =>
    residuals.reduce((sum, residual, row) => sum + of(residual, row), 0) / rows;
  const mse = mean((residual) => residual ** 2);
  const variance = mean((_, row) => (labels[row]! - center) ** 2);
  return {
    mse,
    rmse: Math.sqrt(mse),
    mae: mean(Math.abs),
    mape: labels.includes(0) ? null : mean((residual, row) => Math.abs(residual / labels[row]!)),
    r2_score: 1 - mse / variance,
    explained_variance: 1 - mean((residual) => (residual - bias) ** 2) / variance,
  };
}

/** Means of buckets as {@link rowBuckets} puts the rows into. */
export function numberBuckets(
  by: Float64Array,
  labels: Float64Array,
  predictions: Float64Array,
  count: number,
): NumberBucket[] {
  return rowBuckets(by, count).map((rows) => {
    const mean = (values: Float64Array): number => meanOf(Float64Array.from(rows, (row) => values[row]!));
    return { rows: rows.length, mean_prediction: mean(predictions), mean_label: mean(labels) };
  });
}

/**
 * At most `count` buckets of about equally many rows, from the lowest of `by` up; rows of equal `by` stay together, so that
 * the order of rows does not matter, and no bucket has under `fewest` rows.
 */
export function rowBuckets(by: Float64Array, count: number, fewest = MIN_GROUP_ROWS): Uint32Array[] {
  const order = Uint32Array.from(by, (_, row) => row).sort((left, right) => by[left]! - by[right]!);
  const least = Math.max(fewest, order.length / count);
  const ends: number[] = [];
  let start = 0;
  for (let place = 1; place <= order.length; place += 1) {
    if (place < order.length && by[order[place]!] === by[order[place - 1]!]) continue;
    const isLast = place === order.length;
    // A place where as many rows as a bucket should have are done, counted from the start of the table.
    if (!isLast && (place < Math.round((ends.length + 1) * least) || place - start < fewest)) continue;
    if (!isLast && order.length - place < fewest) continue;
    ends.push(place);
    start = place;
  }
  return ends.map((end, at) => order.subarray(ends[at - 1] ?? 0, end));
}

/**
 * At most `count` buckets of equal width over the range of `by`, from the lowest up; a bucket of under `fewest` rows is merged with the next
 * one, the last with the one before.
 */
export function widthBuckets(by: Float64Array, count: number, fewest: number): Uint32Array[] {
  const order = Uint32Array.from(by, (_, row) => row).sort((left, right) => by[left]! - by[right]!);
  if (order.length === 0) return [];
  const low = by[order[0]!]!;
  // Of one value there is one bucket.
  const width = by[order.at(-1)!]! - low || 1;
  const cellOf = (place: number): number =>
    Math.min(count - 1, Math.floor(((by[order[place]!]! - low) * count) / width));
  const ends: number[] = [];
  let start = 0;
  for (let place = 1; place < order.length; place += 1) {
    if (cellOf(place) === cellOf(place - 1) || place - start < fewest || order.length - place < fewest) continue;
    ends.push(place);
    start = place;
  }
  return [...ends, order.length].map((end, at) => order.subarray(ends[at - 1] ?? 0, end));
}
