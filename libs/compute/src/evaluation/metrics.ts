import { MIN_GROUP_ROWS } from '#libs/consent';

/** Figures of a classifier with two classes; each lies in 0..1. */
export interface BinaryMetrics {
  /** Area under the ROC curve: how often a positive scores above a negative, a tie counting half. */
  readonly auc: number;
  /** Kolmogorov-Smirnov: the largest distance between the true and the false positive rate. */
  readonly ks: number;
  readonly f1_score: number;
  /** 0 where nothing is predicted positive. */
  readonly precision: number;
  readonly recall: number;
  readonly accuracy: number;
}

/** The metrics, in the order in which they are reported; `assert` may put a floor under each. */
export const METRICS = [
  'auc',
  'ks',
  'f1_score',
  'precision',
  'recall',
  'accuracy',
] as const satisfies readonly (keyof BinaryMetrics)[];
export type MetricName = keyof BinaryMetrics;

/** Counts the rows that score at least `threshold`, and the positive ones among them. */
export interface CutPoint {
  readonly threshold: number;
  readonly rows: number;
  readonly positives: number;
}

/** Rows of a range of scores, both ends included. */
export interface ScoreBucket {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly positives: number;
  readonly mean_score: number;
}

/** Points of a curve: false and true positive rate of predicting positive from `threshold` on. */
export type RocPoint = readonly [fpr: number, tpr: number, threshold: number];

/**
 * One cut point for each distinct score, from the highest down. `labels` are 0 or 1, `scores` finite, as many as labels.
 * Equal scores fall into one point, which is what makes every figure below independent of the order of rows.
 */
export function cutPoints(labels: ArrayLike<number>, scores: Float64Array): CutPoint[] {
  const order = Uint32Array.from({ length: scores.length }, (_, row) => row);
  order.sort((left, right) => scores[right]! - scores[left]!);
  const points: CutPoint[] = [];
  let positives = 0;
  order.forEach((row, place) => {
    positives += labels[row]!;
    const last = place + 1 === order.length || scores[order[place + 1]!] !== scores[row];
    if (last) points.push({ threshold: scores[row]!, rows: place + 1, positives });
  });
  return points;
}

/**
 * Exact metrics from cut points that hold both classes (see {@link hasBothClasses}). A score of `threshold` or more
 * predicts the positive class.
 */
export function binaryMetrics(points: readonly CutPoint[], threshold = 0.5): BinaryMetrics {
  const { rows, positives } = points.at(-1)!;
  const negatives = rows - positives;
  let area = 0;
  let ks = 0;
  let before: Pick<CutPoint, 'rows' | 'positives'> = { rows: 0, positives: 0 };
  for (const point of points) {
    const newPositives = point.positives - before.positives;
    const newNegatives = point.rows - before.rows - newPositives;
    area += newNegatives * (before.positives + newPositives / 2);
    ks = Math.max(ks, Math.abs(point.positives / positives - (point.rows - point.positives) / negatives));
    before = point;
  }
  const predicted = points.findLast((point) => point.threshold >= threshold) ?? { rows: 0, positives: 0 };
  const hits = predicted.positives;
  return {
    auc: area / (positives * negatives),
    ks,
    f1_score: (2 * hits) / (predicted.rows + positives),
    precision: predicted.rows === 0 ? 0 : hits / predicted.rows,
    recall: hits / positives,
    accuracy: (hits + negatives - (predicted.rows - hits)) / rows,
  };
}

/** Whether there is a positive and a negative row: without both, AUC and KS do not exist. */
export function hasBothClasses(points: readonly CutPoint[]): boolean {
  const last = points.at(-1);
  return last !== undefined && last.positives > 0 && last.positives < last.rows;
}

/** The ROC curve from (0, 0) to (1, 1), in at most `limit` steps of at least `MIN_GROUP_ROWS` rows. */
export function rocCurve(points: readonly CutPoint[], limit = 100): RocPoint[] {
  const { rows, positives } = points.at(-1)!;
  const step = Math.max(MIN_GROUP_ROWS, rows / limit);
  const curve: RocPoint[] = [[0, 0, points[0]!.threshold]];
  let done = 0;
  points.forEach((point, index) => {
    const isLast = index === points.length - 1;
    if (!isLast && (point.rows - done < step || rows - point.rows < MIN_GROUP_ROWS)) return;
    done = point.rows;
    curve.push([(point.rows - point.positives) / (rows - positives), point.positives / positives, point.threshold]);
  });
  return curve;
}

/** `count` buckets of about equally many rows, from the highest score down; equal scores stay together. */
export function equalCountBuckets(points: readonly CutPoint[], count: number): ScoreBucket[] {
  const { rows } = points.at(-1)!;
  return bucketsBy(points, (point) => Math.min(count - 1, Math.floor(((point.rows - 1) * count) / rows)));
}

/** `count` buckets of equal width over 0..1, from the highest score down: what is predicted against what happened. */
export function equalWidthBuckets(points: readonly CutPoint[], count: number): ScoreBucket[] {
  return bucketsBy(points, (point) => Math.min(count - 1, Math.floor(point.threshold * count)));
}

/**
 * Buckets of whole cells of equal width over 0..1, of at least `least` rows, from the highest score down; their ends are those of
 * the cells.
 */
export function gridBuckets(points: readonly CutPoint[], cells: number, least: number): ScoreBucket[] {
  const cellOf = (score: number): number => Math.min(cells - 1, Math.floor(score * cells));
  return bucketsBy(points, ({ threshold }) => cellOf(threshold), least).map((bucket) => ({
    ...bucket,
    from: cellOf(bucket.from) / cells,
    to: (cellOf(bucket.to) + 1) / cells,
  }));
}

/** Neighbours of one key become one bucket; a bucket under `least` rows is merged with the next, the last with its neighbour. */
function bucketsBy(
  points: readonly CutPoint[],
  keyOf: (point: CutPoint) => number,
  least = MIN_GROUP_ROWS,
): ScoreBucket[] {
  const groups: { key: number; bucket: ScoreBucket }[] = [];
  let before: Pick<CutPoint, 'rows' | 'positives'> = { rows: 0, positives: 0 };
  for (const point of points) {
    const rows = point.rows - before.rows;
    const one = bucketOf(point.threshold, rows, point.positives - before.positives);
    const open = groups.at(-1);
    const key = keyOf(point);
    if (open && (open.key === key || open.bucket.rows < least)) {
      open.bucket = merged(open.bucket, one);
      open.key = key;
    } else {
      groups.push({ key, bucket: one });
    }
    before = point;
  }
  const buckets = groups.map(({ bucket }) => bucket);
  const last = buckets.at(-1);
  if (buckets.length > 1 && last!.rows < least) buckets.splice(-2, 2, merged(buckets.at(-2)!, last!));
  return buckets;
}

function bucketOf(score: number, rows: number, positives: number): ScoreBucket {
  return { from: score, to: score, rows, positives, mean_score: score };
}

function merged(high: ScoreBucket, low: ScoreBucket): ScoreBucket {
  const rows = high.rows + low.rows;
  return {
    from: low.from,
    to: high.to,
    rows,
    positives: high.positives + low.positives,
    mean_score: (high.mean_score * high.rows + low.mean_score * low.rows) / rows,
  };
}
