import type { JsonObject } from '../contract/task-type.js';
import type { Objective } from '../federated/model.js';
import type { PartyProgram } from '../party/party-program.js';
import { writeJson } from '../party/write-json.js';
import { probabilityPoints } from './biclassification-eval-party.js';
import { coarseClassBias, groupsOfClassBias } from './coarse-classes.js';
import { coarseNumberBias, groupsOfNumberBias } from './coarse-numbers.js';
import { countFigures, keptFromOthers } from './open-figures.js';
import type { BUCKET_METHODS } from './prediction-bias-eval-config.js';
import { evaluated, type PredictionRows } from './prediction-columns.js';
import { meanOf, rowBuckets, widthBuckets } from './regression-metrics.js';

/** Arguments of the holder's process. */
export interface BiasArgs {
  readonly path: string;
  readonly labelColumn: string;
  readonly predictionColumn: string;
  readonly objective: Objective;
  readonly method: (typeof BUCKET_METHODS)[number];
  readonly buckets: number;
  readonly fewest: number;
  readonly output: string | null;
}

/** Of a result. */
const KEYS = ['rows', 'buckets'] as const;

/**
 * The holder's part of `prediction_bias_eval`. Others see figures of at least as many rows as its policies say; the party keeps the exact ones.
 * Throws TaskFailure LABEL_NOT_BINARY and PREDICTION_OUT_OF_RANGE with a logistic objective, COLUMN_NOT_FOUND, CAST_FAILED, or what opening the table throws.
 */
export const run: PartyProgram<BiasArgs, JsonObject> = (context, task) =>
  evaluated(context, task, { keys: KEYS, gates: {} }, async (read, { least, mustShow }) => {
    const { about, labels, predictions } = read;
    const classes = task.objective === 'logistic';
    const groups = classes ? groupsOfClassBias(about.rows, least) : groupsOfNumberBias();
    const seen = await countFigures(context, { about, path: task.path, least, mustShow }, groups, 0);
    context.progress(0.6, 'filling buckets');
    const shown = (): JsonObject =>
      classes
        ? coarseClassBias(probabilityPoints(context.party, task, labels, predictions), least)
        : coarseNumberBias(labels, predictions, least);
    const exact = (): JsonObject => {
      if (classes) probabilityPoints(context.party, task, labels, predictions);
      return { rows: about.rows, buckets: exactBuckets(task, read) };
    };
    if (seen.why !== undefined) return keptFromOthers(context, seen.why, KEYS, exact);
    const facts = exact();
    context.progress(0.8, 'writing the report');
    const kept = { format: 'taskchain/prediction-bias-report/v1', party: context.party, ...facts };
    const reference = await writeJson(context, task.output, 'evaluation.json', kept);
    context.progress(1, 'done');
    context.keepResult(facts);
    return { output_report: reference, ...seen.of(shown()) };
  });

/** The buckets as the party itself sees them, from the lowest prediction up. */
function exactBuckets({ method, buckets, fewest }: BiasArgs, { labels, predictions }: PredictionRows): JsonObject[] {
  const cut = method === 'equal_width' ? widthBuckets : rowBuckets;
  return cut(predictions, buckets, fewest).map((rows) => {
    const of = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => values[row]!);
    const [prediction, label] = [meanOf(of(predictions)), meanOf(of(labels))];
    return {
      from: predictions[rows[0]!]!,
      to: predictions[rows.at(-1)!]!,
      rows: rows.length,
      mean_prediction: prediction,
      mean_label: label,
      bias: prediction - label,
    };
  });
}
