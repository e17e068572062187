import { bitsOfShare, coarseRows, rounded } from '../contract/coarse.js';
import type { JsonObject } from '../contract/task-type.js';
import type { FigureGroup } from './open-figures.js';
import { binaryMetrics, gridBuckets, type BinaryMetrics, type CutPoint, type ScoreBucket } from './metrics.js';

/** Cells of equal width into which scores fall for others, whatever the parameters and the data. */
const CELLS = 20;

/**
 * Figures of a classifier as others see them: at cuts of a fixed grid, of at least `least` rows, and rounded to their standard errors
 * at the finest.
 */
export function coarseClasses(points: readonly CutPoint[], least: number): JsonObject {
  const { rows, positives } = points.at(-1)!;
  const buckets = gridBuckets(points, CELLS, least);
  // No other cuts: the difference of two bins could be few rows.
  const bins = buckets.map((bucket) => coarseBucket(bucket, least));
  return {
    rows: coarseRows(rows, least),
    positives: coarsePositives(rows, positives, least),
    threshold: 0.5,
    metrics: { ...coarseMetrics(binaryMetrics(points), points) },
    curves: { roc: coarseCurve(buckets), calibration: bins, buckets: bins },
  };
}

/**
 * Mean prediction, mean label and bias of a classifier by cells of the grid, as others see them, from the lowest up: of at least `least` rows. The bias
 * follows from the two means.
 */
export function coarseClassBias(points: readonly CutPoint[], least: number): JsonObject {
  const buckets = gridBuckets(points, CELLS, least).toReversed();
  return {
    rows: coarseRows(points.at(-1)!.rows, least),
    buckets: buckets.map(({ from, to, rows, positives, mean_score }) => {
      const prediction = coarseScore(mean_score);
      const label = rounded(positives / rows, shareError(positives / rows, rows));
      return {
        ...{ from, to, rows: coarseRows(rows, least), mean_prediction: prediction, mean_label: label },
        bias: Number((prediction - label).toFixed(6)),
      };
    }),
  };
}

/** The one group of {@link coarseClassBias}, with its bits: no more cells than groups of `least` rows, none of more rows than the table. */
export function groupsOfClassBias(rows: number, least: number): FigureGroup[] {
  const cells = Math.min(CELLS, Math.floor(rows / least));
  const share = bitsOfShare((value) => rounded(value, shareError(value, rows))) + 1;
  const ofScores = Math.log2(rows + 1) + Math.log2(101);
  return [{ paths: ['buckets'], ofLabel: cells * share, ofOthers: cells * (share + ofScores) }];
}

/** Standard error of a share of `rows` rows; by Agresti and Coull (1998), so that it is never 0. */
function shareError(share: number, rows: number): number {
  const likely = (share * rows + 2) / (rows + 4);
  return Math.sqrt((likely * (1 - likely)) / (rows + 4));
}

function coarseMetrics(metrics: BinaryMetrics, points: readonly CutPoint[]): BinaryMetrics {
  const { auc, ks, f1_score, precision, recall, accuracy } = metrics;
  const { rows, positives } = points.at(-1)!;
  const negatives = rows - positives;
  const predicted = points.findLast((point) => point.threshold >= 0.5)?.rows ?? 0;
  const errors = { precision: shareError(precision, predicted), recall: shareError(recall, positives) };
  return {
    auc: rounded(auc, aucError(auc, positives, negatives)),
    ks: rounded(ks, ksError(ks, positives, negatives)),
    f1_score: rounded(f1_score, Math.max(errors.precision, errors.recall)),
    precision: rounded(precision, errors.precision),
    recall: rounded(recall, errors.recall),
    accuracy: rounded(accuracy, shareError(accuracy, rows)),
  };
}

const ksError = (ks: number, positives: number, negatives: number): number =>
  Math.sqrt(((1.001 - ks ** 2) / 4) * (1 / positives + 1 / negatives));

/**
 * The figures of a table of so many rows, the most needed first, with the bits that their rounding opens. Where a step follows from another
 * count than the rows, it is finest for half of them or all; the coarser steps have together no more values: one bit.
 */
export function groupsOfClasses(rows: number): FigureGroup[] {
  const half = rows / 2;
  const share = bitsOfShare((value) => rounded(value, shareError(value, rows)));
  const auc = bitsOfShare((value) => rounded(value, aucError(value, half, half))) + 1;
  const ks = bitsOfShare((value) => rounded(value, ksError(value, half, half))) + 1;
  const rate = bitsOfShare((value) => rateOf(value * rows, rows));
  const cell = share + 1 + 2 * rate;
  const ofScores = Math.log2(rows + 1) + Math.log2(101);
  const rest = 3 * (share + 1) + ks + share;
  return [
    { paths: ['metrics.auc', 'metrics.accuracy'], ofLabel: auc + share, ofOthers: auc + share },
    {
      paths: ['positives', ...['ks', 'f1_score', 'precision', 'recall'].map((name) => `metrics.${name}`)],
      ofLabel: rest,
      ofOthers: rest,
    },
    { paths: ['curves'], ofLabel: CELLS * cell, ofOthers: CELLS * (cell + ofScores) },
  ];
}

/** By J. A. Hanley and B. J. McNeil, Radiology 143 (1982), formula 2; no less than one pair of the smaller class weighs. */
function aucError(auc: number, positives: number, negatives: number): number {
  const [one, two] = [auc / (2 - auc), (2 * auc ** 2) / (1 + auc)];
  const variance = auc * (1 - auc) + (positives - 1) * (one - auc ** 2) + (negatives - 1) * (two - auc ** 2);
  return Math.max(Math.sqrt(variance / (positives * negatives)), 0.5 / Math.min(positives, negatives));
}

function coarsePositives(rows: number, positives: number, least: number): number {
  return Math.min(coarseRows(rows, least), rounded(positives, rows * shareError(positives / rows, rows)));
}

function coarseBucket({ from, to, rows, positives, mean_score }: ScoreBucket, least: number): JsonObject {
  return {
    from,
    to,
    rows: coarseRows(rows, least),
    positives: coarsePositives(rows, positives, least),
    mean_score: coarseScore(mean_score),
  };
}

const coarseScore = (mean: number): number => Math.round(mean * 100) / 100;
const rateOf = (count: number, of: number): number => (count === of ? 1 : rounded(count / of, 0.5 / Math.sqrt(of)));

/** The ROC curve at the lower ends of the buckets, each rate in equal steps, so that it still only grows. */
function coarseCurve(buckets: readonly ScoreBucket[]): number[][] {
  const all = { positives: 0, negatives: 0 };
  const ends = buckets.map(({ from, rows, positives }) => {
    all.positives += positives;
    all.negatives += rows - positives;
    return { from, ...all };
  });
  return [
    [0, 0, 1],
    ...ends.map(({ from, positives, negatives }) => [
      rateOf(negatives, all.negatives),
      rateOf(positives, all.positives),
      from,
    ]),
  ];
}
