import type { Json, JsonObject } from '../task-type.js';
import { isObject } from './headline.js';
import { inReadingOrder, type Cell, type Chart, type Section, type Table } from './section.js';
import { labelOf, type Words } from './words.js';

const DIAGONAL = [
  [0, 0],
  [1, 1],
] as const;

/** A score bucket of `biclassification_eval`, of which every field has been seen to be a number. */
interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly positives: number;
  readonly mean_score: number;
}

/** Metrics of an evaluation, and the plots of its curves where the result holds them. */
export function evaluationSection(taskId: string, result: JsonObject, metrics: JsonObject, words: Words): Section {
  const counts = (['rows', 'positives', 'threshold'] as const).flatMap((key) =>
    typeof result[key] === 'number' ? [[labelOf(key, words), result[key] as Cell] as const] : [],
  );
  const figures = inReadingOrder(Object.keys(metrics)).flatMap((key) => {
    const value = metrics[key];
    return typeof value === 'number' ? [[labelOf(key, words), value as Cell] as const] : [];
  });
  const curves = isObject(result.curves) ? result.curves : {};
  const roc = list(curves.roc).filter(isPoint);
  const calibration = list(curves.calibration).filter(isBucket);
  const buckets = list(curves.buckets).filter(isBucket);
  return {
    taskId,
    kind: 'evaluation',
    title: words.evaluation,
    figures: [...figures, ...counts],
    charts: [
      ...(roc.length > 1 ? [rocChart(roc, words), ksChart(roc, words)] : []),
      ...(calibration.length > 0 ? [calibrationChart(calibration, words)] : []),
      ...(buckets.length > 0 ? [bucketChart(buckets, words)] : []),
    ],
    tables: buckets.length > 0 ? [bucketTable(buckets, words)] : [],
  };
}

function rocChart(roc: readonly (readonly [number, number, number])[], words: Words): Chart {
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

function ksChart(roc: readonly (readonly [number, number, number])[], words: Words): Chart {
  return {
    caption: words.ks_curve,
    kind: 'line',
    x: { name: words.threshold, min: 0, max: 1, inverse: true },
    y: { name: '', min: 0, max: 1 },
    series: [
      { name: words.tpr, points: roc.map(([, tpr, threshold]) => [threshold, tpr] as const) },
      { name: words.fpr, points: roc.map(([fpr, , threshold]) => [threshold, fpr] as const) },
    ],
  };
}

function calibrationChart(bins: readonly Bucket[], words: Words): Chart {
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

function bucketChart(buckets: readonly Bucket[], words: Words): Chart {
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

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function isPoint(value: Json): value is [number, number, number] {
  return Array.isArray(value) && value.length === 3 && value.every((each) => typeof each === 'number');
}

function isBucket(value: Json): value is Json & Bucket {
  return (
    isObject(value) && ['from', 'to', 'rows', 'positives', 'mean_score'].every((key) => typeof value[key] === 'number')
  );
}
