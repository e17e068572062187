import type { Json, JsonObject } from '../contract/task-type.js';
import { isObject } from './headline.js';
import { regressionPlots } from './regression-plots.js';
import type { AxisChart, Section, Table } from './section.js';
import { figuresOf, listOf, warningsOf } from './tables.js';
import type { Words } from './words.js';

const DIAGONAL = [
  [0, 0],
  [1, 1],
] as const;

type RocPoint = readonly [fpr: number, tpr: number, threshold: number];

/** A score bucket of `biclassification_eval`, of which every field has been seen to be a number. */
interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly positives: number;
  readonly mean_score: number;
}

/** Metrics of an evaluation where it has some, and the plots of its curves where the result holds them. */
export function evaluationSection(taskId: string, result: JsonObject, words: Words): Section {
  const curves = isObject(result.curves) ? result.curves : {};
  const roc = rocCurveOf(result);
  const calibration = listOf(curves.calibration).filter(isBucket);
  const buckets = listOf(curves.buckets).filter(isBucket);
  const regression = regressionPlots(result, words);
  return {
    taskId,
    kind: 'evaluation',
    title: words.evaluation,
    notes: warningsOf(result, words),
    figures: [
      ...(isObject(result.metrics) ? figuresOf(result.metrics, words) : []),
      ...figuresOf(result, words, ['party', 'rows', 'positives', 'threshold', 'mean_label', 'mean_prediction']),
    ],
    charts: [
      ...(roc.length > 1 ? [rocChart(roc, words), ksChart(roc, words)] : []),
      ...(calibration.length > 0 ? [calibrationChart(calibration, words)] : []),
      ...(buckets.length > 0 ? [bucketChart(buckets, words)] : []),
      ...regression.charts,
    ],
    tables: [...(buckets.length > 0 ? [bucketTable(buckets, words)] : []), ...regression.tables],
  };
}

/** The points of a result's ROC curve; none where it has none. */
export function rocCurveOf(result: JsonObject): readonly RocPoint[] {
  return isObject(result.curves) ? listOf(result.curves.roc).filter(isPoint) : [];
}

function rocChart(roc: readonly RocPoint[], words: Words): AxisChart {
  return {
    caption: words.roc,
    kind: 'line',
    x: { name: words.fpr, min: 0, max: 1 },
    y: { name: words.tpr, min: 0, max: 1 },
    series: [
      { name: words.roc, points: roc.map(([fpr, tpr]) => [fpr, tpr] as const) },
      { name: words.chance, points: DIAGONAL, dashed: true },
    ],
  };
}

function ksChart(roc: readonly RocPoint[], words: Words): AxisChart {
  const widest = roc.reduce((best, point) => (point[1] - point[0] > best[1] - best[0] ? point : best));
  const gap = [
    [widest[2], widest[0]],
    [widest[2], widest[1]],
  ] as const;
  return {
    caption: words.ks_curve,
    kind: 'line',
    x: { name: words.threshold, min: 0, max: 1, inverse: true },
    y: { name: '', min: 0, max: 1 },
    series: [
      { name: words.tpr, points: roc.map(([, tpr, threshold]) => [threshold, tpr] as const) },
      { name: words.fpr, points: roc.map(([fpr, , threshold]) => [threshold, fpr] as const) },
      { name: words.ks, points: gap, dashed: true },
    ],
  };
}

function calibrationChart(bins: readonly Bucket[], words: Words): AxisChart {
  const points = [...bins].reverse().map((bin) => [bin.mean_score, bin.positives / bin.rows] as const);
  return {
    caption: words.calibration,
    kind: 'line',
    x: { name: words.predicted, min: 0, max: 1 },
    y: { name: words.observed, min: 0, max: 1 },
    series: [
      { name: words.observed, points },
      { name: words.ideal, points: DIAGONAL, dashed: true },
    ],
  };
}

function bucketChart(buckets: readonly Bucket[], words: Words): AxisChart {
  return {
    caption: words.buckets,
    kind: 'bar',
    x: { name: words.predicted, categories: buckets.map((bucket) => bucket.mean_score.toFixed(2)) },
    y: { name: words.rows, min: 0 },
    series: [
      { name: words.positives, stack: 'rows', points: buckets.map((bucket, at) => [at, bucket.positives] as const) },
      {
        name: words.negatives,
        stack: 'rows',
        points: buckets.map((bucket, at) => [at, bucket.rows - bucket.positives] as const),
      },
    ],
  };
}

function bucketTable(buckets: readonly Bucket[], words: Words): Table {
  return {
    caption: words.buckets,
    columns: [words.from, words.to, words.rows, words.positives, words.observed, words.predicted],
    rows: buckets.map(({ from, to, rows, positives, mean_score }) => [
      from,
      to,
      rows,
      positives,
      positives / rows,
      mean_score,
    ]),
  };
}

function isPoint(value: Json): value is Json & RocPoint {
  return Array.isArray(value) && value.length === 3 && value.every((each) => typeof each === 'number');
}

function isBucket(value: Json): value is Json & Bucket {
  return (
    isObject(value) && ['from', 'to', 'rows', 'positives', 'mean_score'].every((key) => typeof value[key] === 'number')
  );
}
