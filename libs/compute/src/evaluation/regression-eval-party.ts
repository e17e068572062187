import { coarseNumbers, groupsOfNumbers } from './coarse-numbers.js';
import { countFigures, keptFromOthers, type Evaluated } from './open-figures.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { writeJson } from '../party/write-json.js';
import {
  REGRESSION_METRICS,
  meanOf,
  numberBuckets,
  regressionMetrics,
  type NumberBucket,
  type RegressionMetricName,
  type RegressionMetrics,
} from './regression-metrics.js';
import { evaluated, type Judging } from './prediction-columns.js';
import { TaskFailure, type JsonObject } from '../contract/task-type.js';

/** Of a result. */
const KEYS = ['rows', 'mean_label', 'mean_prediction', 'metrics', 'curves'] as const;

/** Arguments of the holder's process. */
export interface RegressionEvalArgs {
  readonly path: string;
  readonly labelColumn: string;
  readonly predictionColumn: string;
  readonly buckets: number;
  readonly output: string | null;
  readonly gates: Readonly<Partial<Record<RegressionMetricName, { readonly min?: number; readonly max?: number }>>>;
}

/**
 * The holder's part of `regression_eval`. Throws what {@link evaluateNumbers} does, TaskFailure COLUMN_NOT_FOUND, CAST_FAILED, or what opening
 * the table throws.
 */
export const run: PartyProgram<RegressionEvalArgs, JsonObject> = (context, task) =>
  evaluated(context, task, { keys: KEYS, gates: task.gates }, ({ about, labels, predictions }, judging) =>
    evaluateNumbers(context, task, about, labels, predictions, judging),
  );

/**
 * Figures of predicted numbers as others see them, of at least `least` rows; the party keeps the exact ones. Throws TaskFailure CONSTANT_COLUMN,
 * METRIC_BELOW_GATE; with `gates`, what {@link countFigures} does.
 */
export async function evaluateNumbers(
  context: PartyContext,
  task: RegressionEvalArgs,
  about: Evaluated,
  labels: Float64Array,
  predictions: Float64Array,
  { least, mustShow }: Judging,
): Promise<JsonObject> {
  const covered = { about, path: task.path, least, mustShow };
  const seen = await countFigures(context, covered, groupsOfNumbers(), Object.keys(task.gates).length);
  context.progress(0.6, 'computing metrics');
  const exact = (): JsonObject => exactFigures(context.party, task, labels, predictions);
  if (seen.why !== undefined) return keptFromOthers(context, seen.why, KEYS, exact);
  const facts = exact();
  checkGates(regressionMetrics(labels, predictions), task);
  context.progress(0.8, 'writing the report');
  const kept = { format: 'taskchain/regression-report/v1', party: context.party, ...facts };
  const reference = await writeJson(context, task.output, 'evaluation.json', kept);
  context.progress(1, 'done');
  context.keepResult(facts);
  return { output_report: reference, ...seen.of(coarseNumbers(labels, predictions, least)) };
}

/** The figures as the party itself sees them. */
function exactFigures(
  party: string,
  task: RegressionEvalArgs,
  labels: Float64Array,
  predictions: Float64Array,
): JsonObject {
  checkLabels(party, task, labels);
  const residuals = labels.map((label, row) => label - predictions[row]!);
  return {
    rows: labels.length,
    mean_label: meanOf(labels),
    mean_prediction: meanOf(predictions),
    metrics: { ...regressionMetrics(labels, predictions) },
    curves: {
      by_prediction: numberBuckets(predictions, labels, predictions, task.buckets).map(compact),
      by_residual: numberBuckets(residuals, labels, predictions, task.buckets).map(compact),
    },
  };
}

function checkLabels(party: string, task: RegressionEvalArgs, labels: Float64Array): void {
  if (labels.every((label) => label === labels[0])) {
    throw new TaskFailure(
      'CONSTANT_COLUMN',
      `Party ${party}: column ${JSON.stringify(task.labelColumn)} of ${task.path} has the same value in every row, so that there is no R2.`,
      false,
      { party, column: task.labelColumn },
    );
  }
}

function checkGates(metrics: RegressionMetrics, task: RegressionEvalArgs): void {
  const failed = REGRESSION_METRICS.filter((name) => {
    const { min = -Infinity, max = Infinity } = task.gates[name] ?? {};
    const value = metrics[name];
    return task.gates[name] !== undefined && !(value !== null && value >= min && value <= max);
  });
  if (failed.length === 0) return;
  const listed = failed.map((name) => {
    const { min, max } = task.gates[name]!;
    if (metrics[name] === null) return `${name} does not exist, since a label is 0`;
    const bounds = [
      ...(min === undefined ? [] : [`at least ${min}`]),
      ...(max === undefined ? [] : [`at most ${max}`]),
    ];
    return `${name} must be ${bounds.join(' and ')}`;
  });
  throw new TaskFailure('METRIC_BELOW_GATE', `The model does not pass assert: ${listed.join('; ')}.`, false, {
    failed,
  });
}

/** Six significant digits: what a plot needs, whatever the unit of the label. */
function short(value: number): number {
  return Number(value.toPrecision(6));
}

function compact(bucket: NumberBucket): JsonObject {
  return {
    rows: bucket.rows,
    mean_prediction: short(bucket.mean_prediction),
    mean_label: short(bucket.mean_label),
  };
}
