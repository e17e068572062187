import { joinAll } from '../mpc/party-line.js';
import { NEUTRAL, type PartyProgram } from '../party/party-program.js';
import { keepModel } from '../party/model-card.js';
import { keepPredictions } from '../vertical/keep-predictions.js';
import type { NumericColumns } from '../table/numeric-columns.js';
import { verticalCard } from '../vertical/vertical-card.js';
import { prepareRows } from '../vertical/vertical-rows.js';
import { agree, agreeOnLosses, asFailure, rulesOf, seenRows, tooLarge } from './agree.js';
import { PREDICT_ROWS, PredictionOnShares } from './predict-on-shares.js';
import { fittingSchedule } from './room.js';
import { sliceFile, type Slice } from './slice.js';
import type { SsLrOutcome, SsLrPart } from './ss-lr-plan.js';
import { trainOnShares } from './ss-lr-train.js';

/**
 * One party of `ss_lr`: reads its table, trains on shares, saves its share of the model, and predicts. Throws TaskFailure
 * NOT_CONVERGED, and what {@link prepareRows} throws.
 */
export const run: PartyProgram<SsLrPart, SsLrOutcome> = async (context, part) => {
  const { plan } = part;
  const index = plan.parties.indexOf(context.party);

  const prepared = await prepareRows(context, part, rulesOf(plan));
  const { train, heldOut, predict } = prepared;
  const { training, sizes } = await agree(context, plan, prepared);
  const fitting = fittingSchedule(plan.training, train.rows, plan.columns, sizes);
  if (fitting === null) throw tooLarge(sizes, plan);
  const { schedule, weightBits } = fitting;
  const { batchSize } = schedule;
  const shown = await agreeOnLosses(context, part, schedule, prepared);
  const agreed = { rows: train.rows, batchSize, predict: predict?.rows ?? 0, losses: shown };
  if (index === 0) await context.send(NEUTRAL, agreed);

  const room = { weightBits, labelSize: sizes.label, losses: shown };
  const { weights, losses, finalLoss } = await trainOnShares(
    await joinAll(context),
    train,
    plan.columns,
    schedule,
    room,
    {
      masked: (fraction) => context.progress(0.02 + 0.08 * fraction, 'masking features'),
      batch: (fraction, epoch) =>
        context.progress(0.1 + 0.8 * fraction, `training, epoch ${epoch + 1} of ${schedule.epochs}`),
    },
  ).catch(asFailure);

  const model: Slice = {
    peers: plan.parties.filter((party) => party !== context.party),
    seen: seenRows(part, train),
    weightBits,
    labelSize: sizes.label,
    training,
    regType: schedule.regType,
    features: part.features,
    columns: plan.columns,
    hasLabel: part.label !== null,
    share: weights,
  };
  const choices = { ...part.choices, parameters: { ...part.choices.parameters, batch_size: batchSize } };
  const figures = { final_loss: finalLoss, loss_by_epoch: [...losses] };
  const card = verticalCard(context, { ...part, choices }, prepared, figures);
  const content = sliceFile(context.party, model);
  const reference = await keepModel(context, { target: part.modelOutput, content, card, rows: prepared.made });

  context.progress(0.92, 'predicting');
  let prediction: SsLrOutcome['prediction'] = null;
  if (predict && predict.rows > 0) {
    const predicted = new PredictionOnShares(await joinAll(context), model, plan.parties.indexOf(plan.receiver));
    const next = (rows: NumericColumns): Promise<Float64Array | null> => predicted.next(rows);
    prediction = await keepPredictions(context, part, predict, { length: PREDICT_ROWS, next });
  }
  context.progress(1, 'done');
  return { rows: train.rows, batchSize, heldOut, losses, finalLoss, model: reference, prediction };
};
