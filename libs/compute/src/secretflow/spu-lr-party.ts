import { mkdir } from 'node:fs/promises';
import { keepModel } from '../party/model-card.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { SIGMOID, SLOPE_BITS } from '../mpc/spline.js';
import { agree, agreeOnLosses, asFailure, rulesOf, seenRows, tooLarge } from '../ss-lr/agree.js';
import { lossSteps } from '../ss-lr/losses.js';
import type { Sizes } from '../ss-lr/room.js';
import type { Schedule } from '../ss-lr/schedule.js';
import { sliceFile, type Slice } from '../ss-lr/slice.js';
import type { SsLrOutcome, SsLrPart } from '../ss-lr/ss-lr-plan.js';
import { RanAway, mostSquares } from '../ss-lr/ss-lr-train.js';
import { countPredictions, keepPredictions } from '../vertical/keep-predictions.js';
import { stepsWithLoss } from '../vertical/shown-steps.js';
import { verticalCard } from '../vertical/vertical-card.js';
import { prepareRows, type PreparedRows } from '../vertical/vertical-rows.js';
import { agreeOnSpu } from './agree-on-spu.js';
import { LR_PROTOCOLS } from './lr-protocols.js';
import { spuSchedule } from './lr-room.js';
import { readFigures, readPredictions, readShare, writeInputs } from './spu-lr-files.js';

export interface SpuLrPartyArgs {
  readonly part: SsLrPart;
  readonly protocol: string;
  /** Of this run alone, among the party's artifacts of the task. */
  readonly folder: string;
}

/** End on the progress bar of reading tables. SPU comes next, up to {@link TRAINED}. */
export const READ = 0.05;
export const TRAINED = 0.92;

const STEP_BITS = 10;
/** Rows that SPU predicts at once. */
const PREDICT_ROWS = 1024;

/**
 * One party of `ss_lr` on SPU: reads and counts its rows as the native program does, leaves them for the party's process on SPU, and keeps what that comes to. The
 * model is kept in the form of native.
 */
export const run: PartyProgram<SpuLrPartyArgs, SsLrOutcome> = async (context, { part, protocol, folder }) => {
  const { plan } = part;
  await agreeOnSpu(context);
  const prepared = await prepareRows(context, part, rulesOf(plan));
  const { train, heldOut, predict } = prepared;
  const { training, sizes } = await agree(context, plan, prepared);
  const numbers = LR_PROTOCOLS[protocol]!;
  const fitting = spuSchedule(numbers, plan.training, train.rows, plan.columns, sizes);
  if (fitting === null) throw tooLarge(sizes, plan);
  const { schedule, weightBits, finerBits } = fitting;
  const shown = await agreeOnLosses(context, part, schedule, prepared);
  const toPredict = predict !== null && predict.rows > 0 ? predict : null;
  // SPU opens them before it comes back.
  if (toPredict) await countPredictions(context, part, toPredict);

  const outputs = outputsOf(schedule, sizes);
  const steps = lossSteps(sizes.label);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeInputs(folder, {
    plan: {
      protocol,
      ring_bits: numbers.ringBits,
      fraction_bits: numbers.fractionBits,
      columns: plan.columns,
      label_rank: plan.parties.indexOf(plan.labelParty),
      receiver_rank: plan.parties.indexOf(plan.receiver),
      kind: schedule.regType,
      rows: train.rows,
      batch: schedule.batchSize,
      epochs: schedule.epochs,
      rate: schedule.learningRate,
      l1: schedule.l1,
      l2: schedule.l2,
      weight_bits: weightBits,
      finer_bits: finerBits,
      // One is the loss after the last update.
      with_loss: [...stepsWithLoss(schedule.epochs, shown - 1)],
      shows_final: shown > 0,
      losses: steps.map((step) => step * train.rows),
      sigmoid: SIGMOID.map(({ knot, slope }) => [knot, slope * 2 ** -SLOPE_BITS]),
      steps: 2 ** -outputs.step,
      least: outputs.least,
      most: outputs.most,
      predict: toPredict?.rows ?? 0,
      predict_at_once: PREDICT_ROWS,
    },
    train: train.values,
    label: train.label && Float64Array.from([...train.label, mostSquares(train.label, schedule.regType, sizes.label)]),
    predict: toPredict?.values ?? null,
  });
  context.progress(READ, 'reading');
  await context.outside();

  const figures = await readFigures(context.party, folder, { epochs: schedule.epochs, places: steps.length });
  if (figures.ranAway) return asFailure(new RanAway());
  const lossOf = (place: number | null): number | null => (place === null ? null : place && steps[place - 1]!);
  const [losses, finalLoss] = [figures.losses.map(lossOf), lossOf(figures.final)];
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
    share: await readShare(
      context.party,
      folder,
      plan.columns.reduce((sum, count) => sum + count, 1),
    ),
  };
  const reference = await keepOwn(context, part, prepared, model, { protocol, schedule, losses, finalLoss });

  let prediction: SsLrOutcome['prediction'] = null;
  if (toPredict) {
    const ends = { rows: toPredict.rows, ...outputs };
    const isOwn = plan.receiver === context.party;
    const opened = isOwn ? await readPredictions(context.party, folder, ends) : null;
    const scale = 2 ** outputs.step;
    prediction = await keepPredictions(context, part, toPredict, {
      length: PREDICT_ROWS,
      areCounted: true,
      next: async ({ from, rows }) => opened && opened.slice(from, from + rows).map((step) => step * scale),
    });
  }
  context.progress(1, 'done');
  return { rows: train.rows, batchSize: schedule.batchSize, heldOut, losses, finalLoss, model: reference, prediction };
};

/** What a prediction may be, in steps of 2^step: as on native. */
function outputsOf({ regType }: Schedule, { label }: Sizes): { step: number; least: number; most: number } {
  if (regType === 'logistic') return { step: -STEP_BITS, least: 0, most: 2 ** STEP_BITS };
  const most = 2 ** (STEP_BITS + 1);
  return { step: label - STEP_BITS, least: -most, most };
}

interface Trained {
  readonly protocol: string;
  readonly schedule: Schedule;
  readonly losses: readonly (number | null)[];
  readonly finalLoss: number | null;
}

/** Keeps the party's share of the model, and its card, which names the engine. */
function keepOwn(
  context: PartyContext,
  part: SsLrPart,
  prepared: PreparedRows,
  model: Slice,
  { protocol, schedule, losses, finalLoss }: Trained,
): Promise<string> {
  const chosen = { ...part.choices.parameters, batch_size: schedule.batchSize, engine: 'secretflow', protocol };
  const choices = { ...part.choices, parameters: chosen };
  const figures = { final_loss: finalLoss, loss_by_epoch: [...losses] };
  const card = verticalCard(context, { ...part, choices }, prepared, figures);
  const content = sliceFile(context.party, model);
  return keepModel(context, { target: part.modelOutput, content, card, rows: prepared.made });
}
