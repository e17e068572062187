import { STATE_BITS, decode, encode } from '../mpc/ring.js';
import { modelCard, type Choices } from '../party/model-card.js';
import { NEUTRAL, type PartyContext, type PartyProgram } from '../party/party-program.js';
import { TaskFailure } from '../contract/task-type.js';
import { assertAlike, differenceOf } from './aggregator.js';
import { readModel, writeModel, type RegressionModel, type Signature } from './model.js';
import { sumsOf, type SumPlan } from './sum-among-all.js';
import { signatureFrom } from './sum-messages.js';

/** Arguments of a party's process. */
export interface AggregateArgs {
  readonly models: readonly string[];
  readonly weighting: 'rows' | 'equal';
  readonly sums: SumPlan;
  readonly modelOutput: string | null;
  readonly choices: Choices;
}

/** A party's answer: the model's path, and its part of the task's result; null if it does not receive the model. */
export interface AggregateValue {
  readonly model: string | null;
  readonly facts: { readonly model: string; readonly feature_count: number; readonly rows: number } | null;
}

/** Largest sum that the fixed point holds with room to add up 255 parties. */
const MAX_TERM = 2 ** 70;

/**
 * Gives the party's models, masked, to the sum, and keeps the mean of all where it is a receiver. Throws TaskFailure
 * MODEL_INCOMPATIBLE, or what opening a model throws.
 */
export const run: PartyProgram<AggregateArgs, AggregateValue> = async (context, task) => {
  const models: RegressionModel[] = [];
  for (const path of task.models) models.push(await readModel(context, path));
  const [first] = models as [RegressionModel, ...RegressionModel[]];
  const signature: Signature = {
    objective: first.objective,
    label: first.label,
    // Every party takes the features in this order, whatever the order in its file.
    features: [...first.features].sort(),
  };
  checkOwn(context, models);
  context.progress(0.2, 'comparing models');
  await compare(context, signature, task.sums);

  const terms = sumOf(models, signature.features, task.weighting);
  if (!terms.every((term) => Math.abs(term) < MAX_TERM)) {
    const message = `Party ${context.party}: a weight of its model is too large to be added up; train on scaled columns.`;
    throw new TaskFailure('MODEL_INCOMPATIBLE', message, false, { party: context.party });
  }
  context.progress(0.4, 'adding masked models');
  await context.reserve({ columns: [], members: [context.party, ...context.peers] });
  const total = await sumsOf(context, task.sums).add(encode(terms, STATE_BITS));
  if (total === null) return { model: null, facts: null };

  const sums = decode(total, STATE_BITS);
  const columns = signature.features.length;
  const weight = sums[columns + 1]!;
  const rows = sums[columns + 2]!;
  const mean: RegressionModel = {
    ...signature,
    weights: [...sums.subarray(0, columns)].map((sum) => sum / weight),
    intercept: sums[columns]! / weight,
    rows,
  };
  const card = modelCard(context, task.choices, { from: task.models, rows, figures: {} });
  const reference = await writeModel(context, task.modelOutput, mean, card);
  context.progress(1, 'done');
  return { model: reference, facts: { model: signature.objective, feature_count: columns, rows } };
};

/** Says what the models are of, to the aggregator, or to the others where there is none. Throws MODEL_INCOMPATIBLE as that one does. */
async function compare(context: PartyContext, own: Signature, { amongAll }: SumPlan): Promise<void> {
  if (!amongAll) return context.send(NEUTRAL, own);
  const { party, peers } = context;
  await Promise.all(peers.map((peer) => context.send(peer, own)));
  const all = [[party, own] as [string, Signature]];
  for (const peer of peers) all.push([peer, signatureFrom(peer, await context.receiveJson<unknown>(peer))]);
  // In one order, so that all say the same.
  assertAlike(new Map(all.sort(([one], [other]) => (one < other ? -1 : 1))));
}

/** Weighted weights in the order of `features`, the weighted intercept, the weight, and the rows. */
function sumOf(models: readonly RegressionModel[], features: readonly string[], weighting: 'rows' | 'equal'): number[] {
  const sums: number[] = Array<number>(features.length + 3).fill(0);
  for (const model of models) {
    const weight = weighting === 'rows' ? model.rows : 1;
    const byName = new Map(model.features.map((name, at) => [name, model.weights[at]!]));
    features.forEach((name, at) => (sums[at]! += weight * byName.get(name)!));
    sums[features.length]! += weight * model.intercept;
    sums[features.length + 1]! += weight;
    sums[features.length + 2]! += model.rows;
  }
  return sums;
}

function checkOwn({ party }: PartyContext, models: readonly RegressionModel[]): void {
  for (const model of models) {
    const difference = differenceOf(models[0]!, model);
    if (difference === undefined) continue;
    const message = `Party ${party}: its models differ in ${difference}. Train them with the same model, label and features.`;
    throw new TaskFailure('MODEL_INCOMPATIBLE', message, false, { party });
  }
}
