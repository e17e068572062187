import { permutation } from '../mpc/random.js';
import { modelCard, type Choices } from '../party/model-card.js';
import type { PartyProgram } from '../party/party-program.js';
import { writeModel, type RegressionModel, type Signature } from './model.js';
import {
  columnSums,
  descend,
  lossSum,
  scaleInPlace,
  scalingOf,
  squaredDistances,
  unscaled,
  type FitPlan,
} from './regression.js';
import { areUsable, notConverged, readShard } from './shard.js';

/** Arguments of a party's process. */
export interface TrainArgs {
  readonly signature: Signature;
  readonly plan: FitPlan;
  readonly standardize: boolean;
  readonly seed: number;
  readonly trainData: string;
  readonly modelOutput: string | null;
  readonly choices: Choices;
}

/**
 * Fits a model on the party's own rows and keeps it. Only the name of its file leaves the party. Throws TaskFailure
 * NOT_CONVERGED, besides what {@link readShard} throws.
 */
export const run: PartyProgram<TrainArgs, { readonly model: string }> = async (context, args) => {
  const { signature, plan, standardize, seed, trainData, modelOutput, choices } = args;
  const columns = signature.features.length;
  const table = await readShard(context, trainData, signature, columns + 1);
  context.progress(0.1, 'training');
  const means = columnSums(table, columns).map((sum) => sum / table.rows);
  const scaling = scalingOf(table.rows, means, squaredDistances(table, means));
  if (standardize) scaleInPlace(table, scaling);

  const weights = new Float64Array(columns + 1);
  const untrained = lossSum(table, weights, signature.objective);
  descend(table, weights, plan, permutation(table.rows, seed), (fraction) =>
    context.progress(0.1 + 0.8 * fraction, 'training'),
  );
  const loss = lossSum(table, weights, signature.objective);
  if (!areUsable(weights) || !(loss <= 2 * untrained)) throw notConverged();

  const raw = standardize ? unscaled(weights, scaling) : weights;
  const model: RegressionModel = {
    ...signature,
    weights: [...raw.subarray(0, columns)],
    intercept: raw[columns]!,
    rows: table.rows,
  };
  const facts = { training_loss: loss / table.rows };
  const card = modelCard(context, choices, { from: [trainData], rows: table.rows, figures: facts });
  const reference = await writeModel(context, modelOutput, model, card, { party: context.party, ...facts });
  context.keepResult({ model: reference, rows: table.rows, ...facts });
  context.progress(1, 'done');
  return { model: reference };
};
