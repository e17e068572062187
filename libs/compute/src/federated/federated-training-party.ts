import { STATE_BITS, decode, encode } from '../mpc/ring.js';
import { permutation } from '../mpc/random.js';
import { modelCard, type Choices } from '../party/model-card.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import type { NumericColumns } from '../table/numeric-columns.js';
import { TaskFailure } from '../contract/task-type.js';
import { readLike, writeModel, type RegressionModel, type Signature } from './model.js';
import {
  columnSums,
  descend,
  lossSum,
  scaled,
  scaleInPlace,
  scalingOf,
  squaredDistances,
  unscaled,
  type FitPlan,
  type Scaling,
} from './regression.js';
import { areUsable, notConverged, readShard } from './shard.js';
import { sumsOf, type SumPlan } from './sum-among-all.js';

/** Arguments of a party's process. */
export interface FederatedTrainingArgs {
  readonly signature: Signature;
  /** `epochs` are those of one round. */
  readonly plan: FitPlan;
  readonly rounds: number;
  readonly standardize: boolean;
  readonly seed: number;
  readonly sums: SumPlan;
  readonly trainData: string;
  /** The model that all parties begin with; null: weights of zero. */
  readonly initialModel: string | null;
  readonly modelOutput: string | null;
  readonly choices: Choices;
}

/** A party's answer, which all parties know. */
export interface FederatedTrainingValue {
  readonly model: string;
  readonly rows: number;
  /** Mean loss over all rows before the first round and after each; the last is that of the kept model. */
  readonly losses: readonly number[];
}

/**
 * Trains the common model on the party's own rows, round by round, and gives each result, masked, to the mean. Throws
 * TaskFailure INSUFFICIENT_ROWS (of all parties together), NOT_CONVERGED, and MODEL_INCOMPATIBLE where it has to begin with another model, besides
 * what {@link readShard} throws.
 */
export const run: PartyProgram<FederatedTrainingArgs, FederatedTrainingValue> = async (context, args) => {
  const { signature, plan, rounds, standardize, seed, trainData, initialModel, modelOutput, choices } = args;
  const columns = signature.features.length;
  const table = await readShard(context, trainData, signature, 0);
  const initial = initialModel === null ? undefined : await readLike(context, initialModel, signature);
  await context.reserve({ columns: [], members: [context.party, ...context.peers] });
  const sums = sumsOf(context, args.sums);
  const sum = async (terms: ArrayLike<number>): Promise<Float64Array> =>
    decode((await sums.add(encode(terms, STATE_BITS)))!, STATE_BITS);

  context.progress(0.1, 'scaling');
  const scaling = await commonScaling(context, table, standardize ? columns : 0, { columns, sum });
  scaleInPlace(table, scaling);

  let weights = new Float64Array(columns + 1);
  if (initial !== undefined) {
    const raw = Float64Array.of(...initial.weights, initial.intercept);
    weights = standardize ? scaled(raw, scaling) : raw;
  }
  const losses: number[] = [];
  let rows = 0;
  for (let round = 0; round < rounds; round += 1) {
    const stage = `round ${round + 1} of ${rounds}`;
    const progress = (done: number): void => context.progress(0.1 + (0.85 * (round + done)) / rounds, stage);
    progress(0);
    const loss = lossSum(table, weights, signature.objective);
    const own = weights.slice();
    // Another order in each round, so that the same rows do not always come last.
    descend(table, own, plan, permutation(table.rows, (seed + round) % 2 ** 32), progress);
    if (!areUsable(own)) throw notConverged();
    const total = await sum([...own.map((weight) => weight * table.rows), loss, table.rows]);
    rows = total[columns + 2]!;
    losses.push(total[columns + 1]! / rows);
    weights = total.slice(0, columns + 1).map((weight) => weight / rows);
  }
  const [loss, count] = await sum([lossSum(table, weights, signature.objective), table.rows]);
  losses.push(loss! / count!);
  if (!areUsable(weights) || !(losses.at(-1)! <= 2 * losses[0]!)) throw notConverged();

  const raw = standardize ? unscaled(weights, scaling) : weights;
  const model: RegressionModel = {
    ...signature,
    weights: [...raw.subarray(0, columns)],
    intercept: raw[columns]!,
    rows,
  };
  const figures = { final_loss: losses.at(-1)!, loss_by_epoch: losses.slice(1) };
  const card = modelCard(context, choices, {
    from: initialModel === null ? [trainData] : [trainData, initialModel],
    rows,
    figures,
  });
  const reference = await writeModel(context, modelOutput, model, card, { training_loss: losses.at(-1)! });
  context.progress(1, 'done');
  return { model: reference, rows, losses };
};

/**
 * Mean and deviation of the first `scaled` columns over the rows of all parties; for none, nothing but the number of rows is
 * added up. Throws INSUFFICIENT_ROWS where there are too few.
 */
async function commonScaling(
  { party }: PartyContext,
  table: NumericColumns,
  scaled: number,
  { columns, sum }: { readonly columns: number; readonly sum: (terms: ArrayLike<number>) => Promise<Float64Array> },
): Promise<Scaling> {
  const firsts = await sum([...columnSums(table, scaled), table.rows]);
  const rows = firsts[scaled]!;
  if (rows <= columns) {
    const message =
      `All parties together have ${rows} rows, and a model of ${columns} features needs at least ${columns + 1}; ` +
      'take fewer features or more rows.';
    throw new TaskFailure('INSUFFICIENT_ROWS', message, false, { party, rows, min_rows: columns + 1 });
  }
  const means = firsts.subarray(0, scaled).map((total) => total / rows);
  if (scaled === 0) return { means, deviations: means };
  const seconds = await sum([...squaredDistances(table, means), table.rows]);
  return scalingOf(seconds[scaled]!, means, seconds.subarray(0, scaled));
}
