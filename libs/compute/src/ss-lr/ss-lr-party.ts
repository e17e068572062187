import { lineTo } from '../mpc/party-line.js';
import { joinSession } from '../mpc/session.js';
import { NEUTRAL, type PartyProgram } from '../party/party-program.js';
import { predictRows } from './ss-lr-predict.js';
import { SLICE_FORMAT, type SsLrOutcome, type SsLrPart, type SsLrPlan } from './ss-lr-plan.js';
import { prepareRows, type RowRules } from '../vertical/vertical-rows.js';
import { trainSlice } from './ss-lr-train.js';
import { TaskFailure, type JsonObject } from '../contract/task-type.js';
import { trainingName } from '../vertical/vertical-plan.js';

/** Larger features and labels leave the fixed point no room for their products. */
const MAX_SIZE = 2 ** 20;

/** Training does not recover from a loss this many times that of the untrained model. */
const HOPELESS = 1000;

/** Rounds to the decimals of models, predictions and losses: far above the noise of truncation (`mpc/ring.ts`). */
export function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/**
 * One party of `ss_lr`: reads its table, trains its slice, saves it, and predicts. Throws TaskFailure NOT_CONVERGED,
 * and what {@link prepareRows} throws.
 */
export const run: PartyProgram<SsLrPart, SsLrOutcome> = async (context, part) => {
  const { plan } = part;
  const index = plan.parties[0] === context.party ? 0 : 1;
  const peer = context.peers[0]!;

  const { train, heldOut, predict } = await prepareRows(context, part, rulesOf(plan));
  if (index === 0) await context.send(NEUTRAL, { rows: train.rows });
  const session = await joinSession(index, lineTo(context, peer), lineTo(context, NEUTRAL));
  const watch = lossWatch(train.label, plan.schedule.regType);
  const trained = await trainSlice(session, train, plan.schedule, {
    masked: (fraction) => context.progress(0.02 + 0.08 * fraction, 'masking features'),
    batch: (fraction, epoch) =>
      context.progress(0.1 + 0.8 * fraction, `training, epoch ${epoch + 1} of ${plan.schedule.epochs}`),
    epoch: (loss) => watch(loss, HOPELESS),
  });
  watch(trained.losses.at(-1)!, 2);
  if (!trained.weights.every((weight) => Math.abs(weight) < MAX_SIZE)) throw notConverged();

  const losses = trained.losses.map(rounded);
  const slice = {
    weights: trained.weights.map(rounded),
    intercept: trained.intercept === null ? null : rounded(trained.intercept),
  };
  const model = await context.createOutput({
    ...(part.modelOutput !== null && { target: part.modelOutput }),
    name: 'model.json',
    mediaType: 'application/json',
  });
  await model.write(
    `${JSON.stringify(modelFile(context.party, part, slice, trainingName(plan, { rows: train.rows, losses })), null, 2)}\n`,
  );
  await model.finish();

  context.progress(0.92, 'predicting');
  const prediction = predict && (await predictRows(context, part, peer, slice, predict));
  context.progress(1, 'done');
  return { rows: train.rows, heldOut, losses, model: model.reference, prediction };
};

function rulesOf({ schedule, columns: [first, second] }: SsLrPlan): RowRules {
  return {
    binaryLabel: schedule.regType === 'logistic',
    maxSize: MAX_SIZE,
    minRows: first + second + 1,
    minRowsWhy: `it takes more than the ${first + second} features: with fewer, the weights can be solved for labels.`,
    refusesFewApart: true,
  };
}

/** A party's slice as it is saved: with the columns of its weights, for later predictions. */
function modelFile(
  party: string,
  part: SsLrPart,
  slice: { weights: Float64Array; intercept: number | null },
  training: string,
): JsonObject {
  return {
    format: SLICE_FORMAT,
    party,
    training,
    reg_type: part.plan.schedule.regType,
    features: [...part.features],
    weights: [...slice.weights],
    ...(slice.intercept !== null && { intercept: slice.intercept }),
  };
}

/** Checks a loss against that of the untrained model, which only the label's party knows. */
function lossWatch(label: Float64Array | null, regType: 'logistic' | 'linear'): (loss: number, times: number) => void {
  const start = regType === 'logistic' ? 0.5 : 0;
  const untrained = label ? label.reduce((sum, y) => sum + (start - y) ** 2, 0) / label.length : Infinity;
  return (loss, times) => {
    if (!(Math.abs(loss) < 1e-6 || (loss > 0 && loss <= untrained * times))) throw notConverged();
  };
}

function notConverged(): TaskFailure {
  return new TaskFailure(
    'NOT_CONVERGED',
    'Training ran away: its loss or its weights left their range. Lower params.learning_rate, and scale the features ' +
      '(standard_scaler).',
  );
}
