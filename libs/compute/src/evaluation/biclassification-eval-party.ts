import {
  METRICS,
  binaryMetrics,
  cutPoints,
  equalCountBuckets,
  equalWidthBuckets,
  hasBothClasses,
  rocCurve,
  type BinaryMetrics,
  type CutPoint,
  type MetricName,
  type ScoreBucket,
} from './metrics.js';
import { coarseClasses, groupsOfClasses } from './coarse-classes.js';
import { countFigures, keptFromOthers, type Evaluated } from './open-figures.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { writeJson } from '../party/write-json.js';
import { evaluated, type Judging } from './prediction-columns.js';
import { TaskFailure, type JsonObject } from '../contract/task-type.js';

/** Arguments of the holder's process. */
export interface EvaluationArgs {
  readonly path: string;
  readonly labelColumn: string;
  readonly predictionColumn: string;
  readonly buckets: number;
  readonly output: string | null;
  readonly floors: Readonly<Partial<Record<MetricName, number>>>;
}

/** Of a result. */
const KEYS = ['rows', 'positives', 'threshold', 'metrics', 'curves'] as const;
/** Steps of the ROC curve in the report, and in the result, which crosses the queue. */
const REPORT_STEPS = 400;
const RESULT_STEPS = 100;
/** Equal-width bins of the calibration curve. */
const CALIBRATION_BINS = 10;

/**
 * The holder's part of `biclassification_eval`. Throws what {@link evaluateClasses} does, TaskFailure COLUMN_NOT_FOUND, CAST_FAILED, or what
 * opening the table throws.
 */
export const run: PartyProgram<EvaluationArgs, JsonObject> = (context, task) =>
  evaluated(context, task, { keys: KEYS, gates: task.floors }, ({ about, labels, predictions }, judging) =>
    evaluateClasses(context, task, about, labels, predictions, judging),
  );

/**
 * Figures of predicted probabilities as others see them, of at least `least` rows; the party keeps the exact ones, and a longer report. Throws TaskFailure
 * LABEL_NOT_BINARY, PREDICTION_OUT_OF_RANGE, METRIC_BELOW_GATE; with `floors`, what {@link countFigures} does.
 */
export async function evaluateClasses(
  context: PartyContext,
  task: EvaluationArgs,
  about: Evaluated,
  labels: Float64Array,
  scores: Float64Array,
  { least, mustShow }: Judging,
): Promise<JsonObject> {
  const covered = { about, path: task.path, least, mustShow };
  const seen = await countFigures(context, covered, groupsOfClasses(labels.length), Object.keys(task.floors).length);
  context.progress(0.5, 'ranking');
  if (seen.why !== undefined) {
    const own = () => exactFigures(pointsOf(context.party, task, labels, scores), task, RESULT_STEPS);
    return keptFromOthers(context, seen.why, KEYS, own);
  }
  const points = pointsOf(context.party, task, labels, scores);
  context.progress(0.7, 'computing metrics');
  checkFloors(binaryMetrics(points), task);
  context.progress(0.85, 'writing the report');
  const report = exactFigures(points, task, REPORT_STEPS);
  const kept = { format: 'taskchain/biclassification-report/v1', party: context.party, ...report };
  const reference = await writeJson(context, task.output, 'evaluation.json', kept);
  context.progress(1, 'done');
  context.keepResult(exactFigures(points, task, RESULT_STEPS));
  return { output_report: reference, ...seen.of(coarseClasses(points, least)) };
}

/** The figures as the party itself sees them, with so many steps of the ROC curve. */
function exactFigures(points: readonly CutPoint[], { buckets }: EvaluationArgs, steps: number): JsonObject {
  const { rows, positives } = points.at(-1)!;
  return {
    rows,
    positives,
    threshold: 0.5,
    metrics: { ...binaryMetrics(points) },
    curves: {
      roc: rocCurve(points, steps).map((point) => point.map(short)),
      calibration: equalWidthBuckets(points, CALIBRATION_BINS).map(compact),
      buckets: equalCountBuckets(points, buckets).map(compact),
    },
  };
}

type Columns = Pick<EvaluationArgs, 'path' | 'labelColumn' | 'predictionColumn'>;

const refusal = (party: string, path: string, code: string, column: string, why: string): TaskFailure =>
  new TaskFailure(code, `Party ${party}: column ${JSON.stringify(column)} of ${path} ${why}.`, false, {
    party,
    column,
  });

/** Cut points of classes and their predicted probabilities. Throws TaskFailure LABEL_NOT_BINARY, PREDICTION_OUT_OF_RANGE. */
export function probabilityPoints(
  party: string,
  task: Columns,
  labels: Float64Array,
  scores: Float64Array,
): CutPoint[] {
  const refuse = (code: string, column: string, why: string) => refusal(party, task.path, code, column, why);
  for (let row = 0; row < labels.length; row += 1) {
    const label = labels[row]!;
    const score = scores[row]!;
    if (label !== 0 && label !== 1) {
      throw refuse('LABEL_NOT_BINARY', task.labelColumn, `is neither 0 nor 1 in data row ${row + 1}`);
    }
    if (!(score >= 0 && score <= 1)) {
      throw refuse('PREDICTION_OUT_OF_RANGE', task.predictionColumn, `is no probability in data row ${row + 1}`);
    }
  }
  return cutPoints(labels, scores);
}

function pointsOf(party: string, task: Columns, labels: Float64Array, scores: Float64Array): CutPoint[] {
  const points = probabilityPoints(party, task, labels, scores);
  if (!hasBothClasses(points)) {
    const why = 'must hold both classes, or AUC and KS do not exist';
    throw refusal(party, task.path, 'LABEL_NOT_BINARY', task.labelColumn, why);
  }
  return points;
}

function checkFloors(metrics: BinaryMetrics, task: EvaluationArgs): void {
  const below = METRICS.filter((name) => metrics[name] < (task.floors[name] ?? 0));
  if (below.length === 0) return;
  const listed = below.map((name) => `${name} is below ${task.floors[name]}`).join('; ');
  throw new TaskFailure('METRIC_BELOW_GATE', `The model does not pass assert: ${listed}.`, false, { below });
}

/** Six decimals: what a plot needs. */
function short(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function compact(bucket: ScoreBucket): JsonObject {
  return { ...bucket, from: short(bucket.from), to: short(bucket.to), mean_score: short(bucket.mean_score) };
}
