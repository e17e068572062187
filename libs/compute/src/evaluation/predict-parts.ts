import { lineTo } from '../mpc/party-line.js';
import { joinSession, type PartySession } from '../mpc/session.js';
import { predictionsFor } from '../party/opened.js';
import { NEUTRAL, type PartyContext } from '../party/party-program.js';
import { PeerMessage } from '../contract/peer-message.js';
import { JointParty } from '../mpc/joint.js';
import { bytesOf, vectorFrom } from '../mpc/rings.js';
import {
  PREDICT_ROWS as SHARED_ROWS,
  openedPredictions,
  predictRun,
  type SharedSlice,
} from '../ss-xgb/shared-model.js';
import { featuresOf, predictOnShares } from '../ss-lr/predict-on-shares.js';
import { scoresFit, sizeOf } from '../ss-lr/room.js';
import type { Slice } from '../ss-lr/slice.js';
import type { NumericColumns } from '../table/numeric-columns.js';
import { scoreOf, predictionOf } from '../vertical/scores.js';
import { commandFrom, type Command, type DealerCommand } from '../secureboost/commands.js';
import { Allowance } from '../secureboost/allowance.js';
import { answerRoute } from '../secureboost/feature-holder.js';
import { askRoute, type Route } from '../secureboost/masked-peer.js';
import { PREDICT_ROWS, scoresOf } from '../secureboost/predict.js';
import { TaskFailure } from '../contract/task-type.js';
import type { ModelPart } from './model-file.js';

/** Predictions of the rows, with the label's party alone; of two parties' models what ss_lr and ss_xgb would write of the same rows. */
export async function predict(context: PartyContext, model: ModelPart, table: NumericColumns): Promise<Float64Array> {
  const { objective } = model;
  const predictions = new Float64Array(table.rows);
  const put = (from: number, scores: Float64Array): void => {
    predictions.set(
      scores.map((score) => predictionOf(score, objective)),
      from,
    );
    context.progress(0.2 + (0.3 * (from + scores.length)) / table.rows, 'predicting');
  };
  switch (model.kind) {
    case 'whole':
      for (let from = 0; from < table.rows; from += PREDICT_ROWS) {
        const length = Math.min(PREDICT_ROWS, table.rows - from);
        put(
          from,
          Float64Array.from({ length }, (_, at) => scoreOf(model, table, from + at)),
        );
      }
      return predictions;
    case 'slice':
      for await (const run of predictSlice(context, model.slice, table, true)) {
        predictions.set(run.predictions!, run.from);
        context.progress(0.2 + (0.3 * run.to) / table.rows, 'predicting');
      }
      return predictions;
    case 'shared':
      for await (const { from, to, shares } of sharedRuns(context, model.slice, table)) {
        const theirs = vectorFrom(await context.receiveBytes(context.peers[0]!), to - from);
        predictions.set(openedPredictions(model.slice, shares, theirs), from);
        context.progress(0.2 + (0.3 * to) / table.rows, 'predicting on shares');
      }
      return predictions;
    case 'trees': {
      const [peer] = context.peers as [string];
      const session = await join(context);
      const tell = async (command: Command | { readonly op: 'done' }, dealer: DealerCommand): Promise<void> => {
        await context.send(peer, command);
        await context.send(NEUTRAL, dealer);
      };
      const route: Route = (...which) => askRoute(session, tell, ...which);
      for (let from = 0; from < table.rows; from += PREDICT_ROWS) {
        const to = Math.min(from + PREDICT_ROWS, table.rows);
        put(from, await scoresOf(model.trees, model.baseScore, table, from, to, { route }));
      }
      await tell({ op: 'done' }, { op: 'done' });
      return predictions;
    }
    case 'splits':
      throw new TaskFailure('MODEL_INCOMPATIBLE', `Party ${context.party} has no trees to predict with.`);
  }
}

/** The part of the party without the label: its share of the predictions, or masked answers on which side of its splits rows go. */
export async function serve(context: PartyContext, model: ModelPart, table: NumericColumns): Promise<void> {
  const [peer] = context.peers as [string];
  await context.reserve(predictionsFor(peer, table.rows));
  if (model.kind === 'slice') {
    for await (const { to } of predictSlice(context, model.slice, table, false)) {
      context.progress(0.2 + (0.3 * to) / table.rows, 'predicting on shares');
    }
    return;
  }
  if (model.kind === 'shared') {
    for await (const { to, shares } of sharedRuns(context, model.slice, table)) {
      await context.send(peer, bytesOf(shares));
      context.progress(0.2 + (0.3 * to) / table.rows, 'predicting on shares');
    }
    return;
  }
  if (model.kind !== 'splits') throw new TaskFailure('MODEL_INCOMPATIBLE', `Party ${context.party} has no splits.`);
  const session = await join(context);
  const allowance = new Allowance(
    peer,
    { rounds: 0, maxDepth: model.maxDepth },
    model.splits.map(({ tree }) => tree),
  );
  for (;;) {
    const known = { edges: [], splits: model.splits.length, rows: table.rows };
    const command = commandFrom(peer, await context.receiveJson<unknown>(peer), known);
    allowance.check(command);
    if (command.op !== 'route') return;
    await answerRoute(session, model.splits, table, command);
    context.progress(0.2 + (0.3 * command.to) / table.rows, 'answering under masks');
  }
}

/** Predicts with a model on shares. Throws NOT_CONVERGED if scores of this table might not fit. */
async function* predictSlice(
  context: PartyContext,
  slice: Slice,
  table: NumericColumns,
  receives: boolean,
): ReturnType<typeof predictOnShares> {
  const [peer] = context.peers as [string];
  const size = sizeOf(featuresOf(table, slice.features.length), 0);
  await context.send(peer, { features: size });
  const ofPeer = new PeerMessage(peer, await context.receiveJson<unknown>(peer)).count('features', 1024);
  if (!scoresFit(slice.columns, context.party < peer ? [size, ofPeer] : [ofPeer, size], slice.weightBits)) {
    throw new TaskFailure(
      'NOT_CONVERGED',
      `Features up to 2^${Math.max(size, ofPeer)} are too large for the model. Scale them as for its training (standard_scaler).`,
      false,
      { feature_bits: Math.max(size, ofPeer) },
    );
  }
  yield* predictOnShares(await join(context), slice, table, receives);
}

/** Own shares of the predictions of runs of rows, by trees on shares. */
async function* sharedRuns(context: PartyContext, slice: SharedSlice, table: NumericColumns) {
  const joint = new JointParty(await join(context), (opened) => context.send(NEUTRAL, opened));
  for (let from = 0; from < table.rows; from += SHARED_ROWS) {
    const to = Math.min(from + SHARED_ROWS, table.rows);
    yield { from, to, shares: await predictRun(joint, slice, table, from, to) };
  }
}

function join(context: PartyContext): Promise<PartySession> {
  const [peer] = context.peers as [string];
  return joinSession(context.party < peer ? 0 : 1, lineTo(context, peer), lineTo(context, NEUTRAL));
}
