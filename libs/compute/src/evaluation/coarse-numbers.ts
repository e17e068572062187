import { coarseRows, rounded } from '../contract/coarse.js';
import type { JsonObject } from '../contract/task-type.js';
import { BITS } from '../party/opened.js';
import { Moments } from '../table/accumulators.js';
import type { FigureGroup } from './open-figures.js';
import { meanOf, regressionMetrics, rowBuckets } from './regression-metrics.js';

/** Buckets for others, whatever the parameters. */
const BUCKETS = 10;

/**
 * Figures of a regression as others see them, of at least `least` rows, each rounded to its standard error at the finest. One row that outweighs the others makes
 * that error as large as the figure: then its size shows, and hardly a digit.
 */
export function coarseNumbers(labels: Float64Array, predictions: Float64Array, least: number): JsonObject {
  const residuals = labels.map((label, row) => label - predictions[row]!);
  const { mse, rmse, mae, mape, r2_score, explained_variance } = regressionMetrics(labels, predictions);
  const squares = errorOf(residuals.map((each) => each ** 2));
  const variance = deviationOf(labels) ** 2;
  return {
    rows: coarseRows(labels.length, least),
    mean_label: coarseMean(labels),
    mean_prediction: coarseMean(predictions),
    metrics: {
      mse: rounded(mse, squares),
      rmse: rounded(rmse, rmse === 0 ? 0 : squares / (2 * rmse)),
      mae: rounded(mae, errorOf(residuals.map(Math.abs))),
      mape: mape === null ? null : rounded(mape, errorOf(residuals.map((each, row) => Math.abs(each / labels[row]!)))),
      r2_score: rounded(r2_score, squares / variance),
      explained_variance: rounded(explained_variance, squares / variance),
    },
    curves: {
      by_prediction: coarseBuckets(predictions, labels, predictions, least),
      by_residual: coarseBuckets(residuals, labels, predictions, least),
    },
  };
}

/** The figures, the most needed first, with their bits. */
export function groupsOfNumbers(): FigureGroup[] {
  const groupOf = (figures: number, paths: readonly string[]): FigureGroup => {
    return { paths, ofLabel: figures * BITS.number, ofOthers: figures * BITS.number };
  };
  const rest = ['mse', 'mae', 'mape', 'explained_variance'].map((name) => `metrics.${name}`);
  return [
    groupOf(2, ['metrics.rmse', 'metrics.r2_score']),
    groupOf(6, ['mean_label', 'mean_prediction', ...rest]),
    groupOf(2 * 2 * BUCKETS, ['curves']),
  ];
}

/**
 * Mean prediction and bias of a regression by buckets of predictions, as others see them, from the lowest up: of at least `least` rows. The mean label follows from
 * the two.
 */
export function coarseNumberBias(labels: Float64Array, predictions: Float64Array, least: number): JsonObject {
  const differences = predictions.map((prediction, row) => prediction - labels[row]!);
  return {
    rows: coarseRows(labels.length, least),
    buckets: rowBuckets(predictions, BUCKETS, least).map((rows) => {
      const mean = (values: Float64Array): number => coarseMean(Float64Array.from(rows, (row) => values[row]!));
      const [prediction, bias] = [mean(predictions), mean(differences)];
      return {
        rows: coarseRows(rows.length, least),
        mean_prediction: prediction,
        mean_label: Number((prediction - bias).toPrecision(12)),
        bias,
      };
    }),
  };
}

/** The one group of {@link coarseNumberBias}, with its bits. */
export function groupsOfNumberBias(): FigureGroup[] {
  const bits = 2 * BUCKETS * BITS.number;
  return [{ paths: ['buckets'], ofLabel: bits, ofOthers: bits }];
}

function deviationOf(values: Float64Array): number {
  const moments = new Moments();
  for (const value of values) moments.add(value);
  return moments.deviation(1);
}

/** Standard error of a mean. */
const errorOf = (values: Float64Array): number => deviationOf(values) / Math.sqrt(values.length);
const coarseMean = (values: Float64Array): number => rounded(meanOf(values), errorOf(values));

function coarseBuckets(by: Float64Array, labels: Float64Array, predictions: Float64Array, least: number): JsonObject[] {
  return rowBuckets(by, BUCKETS, least).map((rows) => ({
    rows: coarseRows(rows.length, least),
    mean_prediction: coarseMean(Float64Array.from(rows, (row) => predictions[row]!)),
    mean_label: coarseMean(Float64Array.from(rows, (row) => labels[row]!)),
  }));
}
