import type { PartyContext, PartyProgram } from './party/party-program.js';
import { NEUTRAL } from './party/party-program.js';
import { joinSession } from './mpc/session.js';
import { lineTo } from './mpc/party-line.js';
import { pickRows, readNumericColumns, type NumericColumns } from './ss-lr-columns.js';
import { predictRows } from './ss-lr-predict.js';
import type { SsLrOutcome, SsLrPart } from './ss-lr-run.js';
import { splitRows } from './ss-lr-schedule.js';
import { trainSlice } from './ss-lr-train.js';
import { TaskFailure, type Json, type JsonObject } from './task-type.js';

/** Features and labels beyond this do not fit the fixed point with room for their products. */
const MAX_SIZE = 2 ** 20;
/** A loss this many times that of the untrained model will not come back. */
const HOPELESS = 1000;

/** Decimals that a model, its predictions and its losses are kept to: far above the noise of truncation (`mpc/ring.ts`). */
export function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/**
 * One party of `ss_lr`: reads its table, agrees on the row count, trains its slice, keeps it, and predicts. Throws
 * TaskFailure NOT_ALIGNED, LABEL_NOT_BINARY, INSUFFICIENT_ROWS, NOT_CONVERGED, COLUMN_NOT_FOUND or NON_NUMERIC.
 */
export const run: PartyProgram = async (context, args) => {
  const part = args as unknown as SsLrPart;
  const { plan } = part;
  const index = plan.parties[0] === context.party ? 0 : 1;
  const peer = context.peers[0]!;

  const names = part.label === null ? part.features : [...part.features, part.label];
  const table = await readNumericColumns(context, part.trainData, names, () => context.progress(0.01, 'reading'));
  const test =
    part.testData === null
      ? null
      : await readNumericColumns(context, part.testData, names, () => context.progress(0.02, 'reading'));
  for (const [read, path] of [
    [table, part.trainData],
    [test, part.testData],
  ] as const) {
    if (read) checkValues(context.party, path!, read, names, part);
  }
  await checkAligned(context, peer, { train: table.rows, test: test?.rows ?? 0 });

  const split = splitRows(table.rows, plan.testFraction, plan.splitSeed);
  const [columns, peerColumns] = [plan.columns[index], plan.columns[1 - index]!];
  if (split.train.length <= columns + peerColumns) {
    throw new TaskFailure(
      'INSUFFICIENT_ROWS',
      `Training needs more rows than features: there are ${split.train.length} rows for ${columns + peerColumns} features. ` +
        'With fewer, the model would give labels away.',
    );
  }
  if (index === 0) await context.send(NEUTRAL, { rows: split.train.length });
  const session = await joinSession(index, lineTo(context, peer), lineTo(context, NEUTRAL));
  const label = part.label === null ? null : pickRows(table, split.train, columns, columns + 1);
  const watch = lossWatch(label, plan.schedule.regType);
  const trained = await trainSlice(
    session,
    {
      rows: split.train.length,
      columns,
      peerColumns,
      values: pickRows(table, split.train, 0, columns),
      label,
    },
    plan.schedule,
    {
      masked: (fraction) => context.progress(0.02 + 0.08 * fraction, 'masking features'),
      batch: (fraction, epoch) =>
        context.progress(0.1 + 0.8 * fraction, `training, epoch ${epoch + 1} of ${plan.schedule.epochs}`),
      epoch: (loss) => watch(loss, HOPELESS),
    },
  );
  watch(trained.losses.at(-1)!, 2);
  if (!trained.weights.every((weight) => Math.abs(weight) < MAX_SIZE)) throw notConverged();

  const slice = {
    weights: trained.weights.map(rounded),
    intercept: trained.intercept === null ? null : rounded(trained.intercept),
  };
  const model = await context.createOutput({
    ...(part.modelOutput !== null && { target: part.modelOutput }),
    name: 'model.json',
    mediaType: 'application/json',
  });
  await model.write(`${JSON.stringify(modelFile(context.party, part, slice), null, 2)}\n`);
  await model.finish();

  context.progress(0.92, 'predicting');
  const rows = test ?? table;
  const order =
    plan.predictOn === 'held_out' ? split.heldOut : Uint32Array.from({ length: rows.rows }, (_, row) => row);
  const prediction = plan.predictOn === 'nothing' ? null : await predictRows(context, part, peer, slice, rows, order);
  const outcome: SsLrOutcome = {
    rows: split.train.length,
    heldOut: split.heldOut.length,
    losses: trained.losses.map(rounded),
    model: model.reference,
    prediction,
  };
  context.progress(1, 'done');
  return outcome as unknown as Json;
};

/** A party's slice as it is kept: with the columns that the weights belong to, for whoever predicts with it later. */
function modelFile(
  party: string,
  part: SsLrPart,
  slice: { weights: Float64Array; intercept: number | null },
): JsonObject {
  return {
    format: 'taskchain/vertical-regression/v1',
    party,
    reg_type: part.plan.schedule.regType,
    features: [...part.features],
    weights: [...slice.weights],
    ...(slice.intercept !== null && { intercept: slice.intercept }),
  };
}

function checkValues(
  party: string,
  path: string,
  table: NumericColumns,
  names: readonly string[],
  part: SsLrPart,
): void {
  const far = table.values.findIndex((value) => Math.abs(value) > MAX_SIZE);
  if (far >= 0) {
    const column = names[far % table.columns]!;
    throw new TaskFailure(
      'NOT_CONVERGED',
      `Party ${party}: column ${JSON.stringify(column)} of ${path} is beyond ${MAX_SIZE} in data row ` +
        `${Math.floor(far / table.columns) + 1}; scale it first (standard_scaler).`,
      false,
      { party, column },
    );
  }
  if (part.label === null || part.plan.schedule.regType === 'linear') return;
  for (let at = table.columns - 1; at < table.values.length; at += table.columns) {
    if (table.values[at] !== 0 && table.values[at] !== 1) {
      throw new TaskFailure(
        'LABEL_NOT_BINARY',
        `Party ${party}: label ${JSON.stringify(part.label)} of ${path} is neither 0 nor 1 in data row ` +
          `${Math.floor(at / table.columns) + 1}; encode it (label_encoder), or use reg_type linear.`,
        false,
        { party, column: part.label },
      );
    }
  }
}

async function checkAligned(context: PartyContext, peer: string, own: { train: number; test: number }): Promise<void> {
  await context.send(peer, own);
  const theirs = (await context.receiveJson(peer)) as typeof own;
  for (const kind of ['train', 'test'] as const) {
    if (own[kind] === theirs[kind]) continue;
    throw new TaskFailure(
      'NOT_ALIGNED',
      `${kind}_data: party ${context.party} has ${own[kind]} rows and party ${peer} has ${theirs[kind]}. ` +
        'Align the tables with psi first.',
      false,
      { [context.party]: own[kind], [peer]: theirs[kind] },
    );
  }
}

/** A check of a loss against that of the untrained model; the label's party alone knows that one. */
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
