import { evaluateClasses } from './biclassification-eval-party.js';
import type { Objective } from '../federated/model.js';
import { METRICS } from './metrics.js';
import { NEUTRAL, type PartyContext, type PartyProgram } from '../party/party-program.js';
import { checkGroup } from '../contract/privacy.js';
import type { Evaluated } from './open-figures.js';
import { evaluateNumbers, type RegressionEvalArgs } from './regression-eval-party.js';
import { REGRESSION_METRICS } from './regression-metrics.js';
import { readNumericColumns } from '../table/numeric-columns.js';
import { checkAligned } from '../vertical/vertical-rows.js';
import { writeTable } from '../table/write-table.js';
import { TaskFailure, type Json, type JsonObject } from '../contract/task-type.js';
import { readModelPart, type ModelPart } from './model-file.js';
import { predict, serve } from './predict-parts.js';
import { checkSameModel } from './same-model.js';

/** Arguments of a party's process. */
export interface EvaluationPart {
  readonly model: string;
  readonly testData: string;
  /** With the party that has it, which gets the predictions. */
  readonly label: string | null;
  readonly buckets: number;
  readonly report: string | null;
  /** Where to keep the predictions, if at all. */
  readonly predictions: string | null;
  readonly gates: Readonly<Record<string, { readonly min?: number; readonly max?: number }>>;
}

const METRICS_OF: Record<Objective, readonly string[]> = { logistic: METRICS, linear: REGRESSION_METRICS };

/**
 * One party of `evaluation`: the label's party predicts, alone or with the other's part of the model, and evaluates. Throws
 * TaskFailure MODEL_INCOMPATIBLE, NOT_ALIGNED, GROUP_TOO_SMALL, and what reading the table and the two evaluations throw.
 */
export const run: PartyProgram<EvaluationPart, JsonObject | null> = async (context, part) => {
  const { label } = part;
  const model = await readModelPart(context, part.model);
  checkRole(context, part, model);
  const names = label === null ? model.features : [...model.features, label];
  const table = await readNumericColumns(context, part.testData, names, (read) =>
    context.progress(0.2 * read, 'reading the table'),
  );
  const [peer] = context.peers;
  let least = context.minGroupRows;
  if (peer !== undefined) {
    await checkSameModel(context, peer, model);
    // Before the peer compares: an empty table and one of a row fail alike.
    checkGroup(context, part.testData, table.rows);
    least = await checkAligned(context, peer, { test: table.rows });
  }
  checkGroup({ party: context.party, minGroupRows: least }, part.testData, table.rows);
  if (label === null) {
    await serve(context, model, table);
    return null;
  }
  if (peer !== undefined) await context.send(NEUTRAL, toDeal(model, table.rows));
  const predictions = await predict(context, model, table);
  const labels = Float64Array.from({ length: table.rows }, (_, row) => table.values[(row + 1) * table.columns - 1]!);
  const about = { names, values: table.values, rows: table.rows, label };
  const facts = await evaluate(context, part, about, model.objective, labels, predictions, least);
  const kept = part.predictions !== null && (await keep(context, part.predictions, part.testData, labels, predictions));
  return { objective: model.objective, ...facts, ...(kept && { prediction_output: kept }) };
};

/** Refuses a model that is not of as many parties as there are, or not the slice that belongs to the party's role. */
function checkRole(context: PartyContext, { model: path, label, gates }: EvaluationPart, model: ModelPart): void {
  const refuse = (why: string): TaskFailure =>
    new TaskFailure('MODEL_INCOMPATIBLE', `Party ${context.party}: ${path} ${why}.`, false, { party: context.party });
  if (model.kind === 'whole') {
    if (context.peers.length > 0) throw refuse('is a whole model: evaluate it with one party');
  } else {
    if (context.peers.length === 0) throw refuse('is a slice: name the model and test_data of both parties');
    const isShared = model.kind === 'slice' || model.kind === 'shared';
    const hasLabel = isShared ? model.slice.hasLabel : model.kind === 'trees';
    if (hasLabel !== (label !== null))
      throw refuse('has another role than label_party says: name the one of its training');
  }
  const strange =
    label === null ? [] : Object.keys(gates).filter((name) => !METRICS_OF[model.objective].includes(name));
  if (strange.length > 0) throw refuse(`is ${model.objective}, and has no ${strange.join(', ')} for assert`);
}

/** What the dealer must know of a model: whether it has trees in clear, or the sizes of one on shares and of the table. */
function toDeal(model: ModelPart, rows: number): JsonObject {
  if (model.kind === 'shared') {
    const { objective, scoreBits, owners } = model.slice;
    return { masks: false, rows, objective, score_bits: scoreBits, trees: owners.map((each) => each.join('')) };
  }
  if (model.kind !== 'slice') return { masks: model.kind === 'trees' };
  const { columns, regType } = model.slice;
  return { masks: false, rows, first: columns[0], second: columns[1], objective: regType };
}

function evaluate(
  context: PartyContext,
  { testData: path, buckets, report: output, gates }: EvaluationPart,
  about: Evaluated,
  objective: Objective,
  labels: Float64Array,
  predictions: Float64Array,
  least: number,
): Promise<Record<string, Json>> {
  const task = { path, labelColumn: about.label, predictionColumn: 'prediction', buckets, output };
  if (objective === 'linear') {
    return evaluateNumbers(
      context,
      { ...task, gates: gates as RegressionEvalArgs['gates'] },
      about,
      labels,
      predictions,
      { least, mustShow: true },
    );
  }
  const floors = Object.fromEntries(Object.entries(gates).map(([name, { min }]) => [name, min!]));
  return evaluateClasses(context, { ...task, floors }, about, labels, predictions, { least, mustShow: true });
}

async function keep(
  context: PartyContext,
  target: string,
  of: string,
  labels: Float64Array,
  predictions: Float64Array,
): Promise<string> {
  const writer = await writeTable(context, { target, name: 'predictions.csv', rows: { of } }, ['label', 'prediction']);
  await writer.rows(Array.from(labels, (label, row) => [String(label), String(predictions[row])]));
  await writer.finish();
  return writer.reference;
}
