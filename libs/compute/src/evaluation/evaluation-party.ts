import { evaluateClasses } from './biclassification-eval-party.js';
import type { Objective } from '../federated/model.js';
import { METRICS } from './metrics.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { checkGroup } from '../contract/privacy.js';
import type { Evaluated } from './open-figures.js';
import { evaluateNumbers, type RegressionEvalArgs } from './regression-eval-party.js';
import { REGRESSION_METRICS } from './regression-metrics.js';
import { readNumericColumns } from '../table/numeric-columns.js';
import { writeTable } from '../table/write-table.js';
import type { Json, JsonObject, TaskFailure } from '../contract/task-type.js';
import { readModelPart, type ModelPart } from './model-file.js';
import { checkTogether, incompatible, requireParties } from './model-pair.js';
import { predict, RUN_ROWS, serve } from './predict-parts.js';
import { runsInMemory } from './table-runs.js';

/** Arguments of a party's process. */
export interface EvaluationPart {
  readonly model: string;
  readonly testData: string;
  readonly labelParty: string;
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
 * One party of `evaluation`: the label's party predicts, alone or with the others' parts of the model, and evaluates. Throws
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
  const runs = runsInMemory(table, model.features, RUN_ROWS[model.kind]);
  const isAlone = context.peers.length === 0;
  const test = { kind: 'test', path: part.testData, rows: table.rows } as const;
  if (isAlone) checkGroup(context, part.testData, table.rows);
  const least = isAlone ? context.minGroupRows : await checkTogether(context, model, test);
  if (label === null) {
    await serve(context, model, part.labelParty, runs);
    return null;
  }
  const predictions = new Float64Array(table.rows);
  await predict(context, model, runs, ({ from, rows }, predicted) => {
    predictions.set(predicted, from);
    context.progress(0.2 + (0.3 * (from + rows)) / table.rows, 'predicting');
  });
  const labels = Float64Array.from({ length: table.rows }, (_, row) => table.values[(row + 1) * table.columns - 1]!);
  const about = { names, values: table.values, rows: table.rows, label };
  const facts = await evaluate(context, part, about, model.objective, labels, predictions, least);
  const kept = part.predictions !== null && (await keep(context, part.predictions, part.testData, labels, predictions));
  return { objective: model.objective, ...facts, ...(kept && { prediction_output: kept }) };
};

/** Refuses a model that is not of as many parties as there are, or not the slice that belongs to the party's role. */
function checkRole(context: PartyContext, { model: path, label, gates }: EvaluationPart, model: ModelPart): void {
  const refuse = (why: string): TaskFailure => incompatible(context.party, path, why);
  if (model.kind === 'whole') {
    if (context.peers.length > 0) throw refuse('is a whole model: evaluate it with one party');
  } else {
    if (context.peers.length === 0) throw refuse('is a slice: name the model and test_data of all its parties');
    requireParties(context, path, model);
    const isShared = model.kind === 'slice' || model.kind === 'glm' || model.kind === 'shared';
    const hasLabel = isShared ? model.slice.hasLabel : model.kind === 'trees';
    if (hasLabel !== (label !== null))
      throw refuse('has another role than label_party says: name the one of its training');
  }
  const strange =
    label === null ? [] : Object.keys(gates).filter((name) => !METRICS_OF[model.objective].includes(name));
  if (strange.length > 0) throw refuse(`is ${model.objective}, and has no ${strange.join(', ')} for assert`);
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
