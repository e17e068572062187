import type { Json, JsonObject } from '../contract/task-type.js';
import { isObject } from './headline.js';
import type { AxisChart, Table } from './section.js';
import { isNumber, listOf } from './tables.js';
import type { Words } from './words.js';

/** Neighbouring rows of `regression_eval` and `prediction_bias_eval`, of which every field has been seen to be a number. */
interface NumberBucket {
  readonly rows: number;
  readonly mean_prediction: number;
  readonly mean_label: number;
}

/** Predicted against true numbers, and how far the predictions are off; nothing where a result has no such curves. */
export function regressionPlots(result: JsonObject, words: Words): { charts: AxisChart[]; tables: Table[] } {
  const curves = isObject(result.curves) ? result.curves : {};
  const byPrediction = listOf(curves.by_prediction ?? result.buckets).filter(isNumberBucket);
  const byResidual = listOf(curves.by_residual).filter(isNumberBucket);
  return {
    charts: [
      ...(byPrediction.length > 0 ? [predictionChart(byPrediction, words)] : []),
      ...(byResidual.length > 0 ? [residualChart(byResidual, words)] : []),
    ],
    tables: byPrediction.length > 0 ? [bucketTable(byPrediction, words)] : [],
  };
}

function predictionChart(buckets: readonly NumberBucket[], words: Words): AxisChart {
  const points = buckets
    .map(({ mean_prediction: x, mean_label: y }) => [x, y] as const)
    .sort(([one], [other]) => one - other);
  const ends = [points[0]![0], points.at(-1)![0]];
  return {
    caption: words.predicted_and_true,
    kind: 'line',
    x: { name: words.predicted, min: ends[0]!, max: ends[1]! },
    y: { name: words.mean_label, fitted: true },
    series: [
      { name: words.mean_label, points },
      { name: words.ideal, points: ends.map((end) => [end, end] as const), dashed: true },
    ],
  };
}

function residualChart(buckets: readonly NumberBucket[], words: Words): AxisChart {
  const residuals = buckets.map((bucket) => bucket.mean_label - bucket.mean_prediction).sort((a, b) => a - b);
  return {
    caption: words.residuals,
    kind: 'bar',
    x: { name: words.bucket, categories: residuals.map((_, at) => String(at + 1)) },
    y: { name: words.residual },
    series: [{ name: words.residual, points: residuals.map((residual, at) => [at, residual] as const) }],
  };
}

function bucketTable(buckets: readonly NumberBucket[], words: Words): Table {
  return {
    caption: words.predicted_and_true,
    columns: [words.rows, words.predicted, words.mean_label],
    rows: buckets.map(({ rows, mean_prediction, mean_label }) => [rows, mean_prediction, mean_label]),
  };
}

function isNumberBucket(value: Json): value is Json & NumberBucket {
  return isObject(value) && (['rows', 'mean_prediction', 'mean_label'] as const).every((key) => isNumber(value[key]));
}
