import { joinAll, lineTo, partiesOf } from '../mpc/party-line.js';
import { joinSession, type PartySession } from '../mpc/session.js';
import { predictionsFor } from '../party/opened.js';
import { NEUTRAL, type PartyContext } from '../party/party-program.js';
import { violation } from '../contract/peer-message.js';
import { JointParty } from '../mpc/joint.js';
import { Z128, bytesOf, vectorFrom, type Vector } from '../mpc/rings.js';
import {
  PREDICT_ROWS as SHARED_ROWS,
  openedPredictions,
  predictRun,
  type SharedSlice,
} from '../ss-xgb/shared-model.js';
import type { GlmSlice } from '../ss-glm/glm-slice.js';
import { PREDICT_ROWS as GLM_ROWS, openedMeans, predictRun as predictGlmRun } from '../ss-glm/predict-glm.js';
import { PREDICT_ROWS as SLICE_ROWS, PredictionOnShares, predictionsIn } from '../ss-lr/predict-on-shares.js';
import { scoresFit } from '../ss-lr/room.js';
import type { Slice } from '../ss-lr/slice.js';
import type { NumericColumns, RowRun } from '../table/numeric-columns.js';
import { exchangeMessages } from '../vertical/exchange-messages.js';
import { scoreOf, predictionOf } from '../vertical/scores.js';
import { commandFrom, type Command, type DealerCommand } from '../secureboost/commands.js';
import { Allowance } from '../secureboost/allowance.js';
import { answerRoute } from '../secureboost/feature-holder.js';
import { askRoute } from '../secureboost/masked-peer.js';
import { PREDICT_ROWS, scoresOf } from '../secureboost/predict.js';
import { TaskFailure } from '../contract/task-type.js';
import type { ModelPart } from './model-file.js';
import { toDeal } from './model-pair.js';
import type { RowRuns } from './table-runs.js';

/** How many rows to predict at once: with a model of several parties all hold no more of their masks and shares. */
export const RUN_ROWS: Record<ModelPart['kind'], number> = {
  whole: PREDICT_ROWS,
  slice: SLICE_ROWS,
  glm: GLM_ROWS,
  shared: SHARED_ROWS,
  trees: PREDICT_ROWS,
  splits: PREDICT_ROWS,
};

/** Predictions of one run of rows after the other, with the party that gets them. */
interface Predictor {
  of(run: RowRun): Promise<Float64Array>;
  /** To be called behind the last run. */
  end?(): Promise<void>;
}

/**
 * Predicts the rows of a table, at the party that gets the predictions, and hands on each run of `RUN_ROWS` with what is predicted of it; with several
 * parties' models what ss_lr, ss_glm, ss_xgb and secureboost would write of the same rows. Throws TaskFailure MODEL_INCOMPATIBLE for a model that cannot
 * predict here, and NOT_CONVERGED where features are too large for it.
 */
export async function predict<Run extends RowRun>(
  context: PartyContext,
  model: ModelPart,
  table: RowRuns<Run>,
  put: (run: Run, predictions: Float64Array) => Promise<void> | void,
): Promise<void> {
  if (context.peers.length > 0) await context.send(NEUTRAL, toDeal(model, table.rows));
  const predictor = await predictorOf(context, model, table.size);
  for await (const run of table.runs()) await put(run, await predictor.of(run));
  await predictor.end?.();
}

async function predictorOf(context: PartyContext, model: ModelPart, size: number): Promise<Predictor> {
  switch (model.kind) {
    case 'whole':
      return {
        of: async (run) =>
          Float64Array.from({ length: run.rows }, (_, row) => predictionOf(scoreOf(model, run, row), model.objective)),
      };
    case 'slice': {
      const predicted = await startSlice(context, model.slice, size, context.party);
      return { of: async (run) => (await predicted.next(run))! };
    }
    case 'glm': {
      const next = await startGlm(context, model.slice);
      return {
        of: async (run) => {
          const shares = await next(run);
          const theirs = await context.receiveBytes(context.peers[0]!);
          return openedMeans(model.slice, shares, vectorFrom(theirs, shares.length));
        },
      };
    }
    case 'shared': {
      const next = await startShared(context, model.slice);
      return {
        of: async (run) => {
          const shares = await next(run);
          const theirs = vectorFrom(await context.receiveBytes(context.peers[0]!), run.rows);
          return openedPredictions(model.slice, shares, theirs);
        },
      };
    }
    case 'trees':
      return predictorOfTrees(context, model);
    case 'splits':
      throw new TaskFailure('MODEL_INCOMPATIBLE', `Party ${context.party} has no trees to predict with.`);
  }
}

async function predictorOfTrees(
  context: PartyContext,
  { trees, baseScore, objective }: Extract<ModelPart, { kind: 'trees' }>,
): Promise<Predictor> {
  const [peer] = context.peers as [string];
  const session = await join(context);
  const tell = async (command: Command | { readonly op: 'done' }, dealer: DealerCommand): Promise<void> => {
    await context.send(peer, command);
    await context.send(NEUTRAL, dealer);
  };
  return {
    of: async (run) => {
      const ask = {
        route: (groups: readonly (readonly number[])[], from: number, to: number, choices: readonly Uint16Array[]) =>
          askRoute(session, tell, groups, run.from + from, run.from + to, choices),
      };
      const scores = await scoresOf(trees, baseScore, run, 0, run.rows, ask);
      return scores.map((score) => predictionOf(score, objective));
    },
    end: () => tell({ op: 'done' }, { op: 'done' }),
  };
}

/**
 * Another party: it hands out its share of the predictions, or masked answers on which side of its splits rows go. Throws what
 * {@link predict} throws, and PROTOCOL_VIOLATION.
 */
export async function serve(context: PartyContext, model: ModelPart, receiver: string, table: RowRuns): Promise<void> {
  await context.reserve(predictionsFor(receiver, table.rows));
  const served = ({ from, rows }: RowRun, stage: string): void =>
    context.progress(0.2 + (0.8 * (from + rows)) / table.rows, stage);
  switch (model.kind) {
    case 'slice': {
      const predicted = await startSlice(context, model.slice, table.size, receiver);
      for await (const run of table.runs()) {
        await predicted.next(run);
        served(run, 'predicting on shares');
      }
      return;
    }
    case 'glm':
    case 'shared': {
      const next = await (model.kind === 'glm' ? startGlm(context, model.slice) : startShared(context, model.slice));
      for await (const run of table.runs()) {
        await context.send(receiver, bytesOf(await next(run)));
        served(run, 'predicting on shares');
      }
      return;
    }
    case 'splits':
      return serveSplits(context, model, table, (run) => served(run, 'answering under masks'));
    default:
      throw new TaskFailure('MODEL_INCOMPATIBLE', `Party ${context.party} has no splits.`);
  }
}

/** Predictions that are ready but for the opening. */
interface SharedPredictions {
  /** Own shares of what is opened of the next run of rows. */
  next(run: RowRun): Promise<Vector>;
  /** The predictions, of own shares and those of each other party. */
  opened(own: Vector, theirs: readonly Vector[]): Float64Array;
}

/** Predicts on shares without an opening. Throws TaskFailure MODEL_INCOMPATIBLE for a model that is not on shares, and NOT_CONVERGED. */
export async function sharedPredictions(
  context: PartyContext,
  model: ModelPart,
  size: number,
  receiver: string,
): Promise<SharedPredictions> {
  switch (model.kind) {
    case 'slice': {
      const predicted = await startSlice(context, model.slice, size, receiver);
      return {
        next: (run) => predicted.shares(run),
        opened: (own, theirs) => predictionsIn(model.slice, theirs.reduce(Z128.add, own)),
      };
    }
    case 'glm': {
      const next = await startGlm(context, model.slice);
      return { next, opened: (own, [theirs]) => openedMeans(model.slice, own, theirs!) };
    }
    case 'shared': {
      const next = await startShared(context, model.slice);
      return { next, opened: (own, [theirs]) => openedPredictions(model.slice, own, theirs!) };
    }
    default:
      throw new TaskFailure('MODEL_INCOMPATIBLE', `Party ${context.party} has no model on shares.`);
  }
}

async function serveSplits(
  context: PartyContext,
  { splits, maxDepth }: Extract<ModelPart, { kind: 'splits' }>,
  table: RowRuns,
  served: (run: RowRun) => void,
): Promise<void> {
  const [peer] = context.peers as [string];
  const session = await join(context);
  const allowance = new Allowance(
    peer,
    { rounds: 0, maxDepth },
    splits.map(({ tree }) => tree),
  );
  const next = async (): Promise<Command> => {
    const known = { edges: [], splits: splits.length, rows: table.rows };
    const command = commandFrom(peer, await context.receiveJson<unknown>(peer), known);
    allowance.check(command);
    return command;
  };
  let command = await next();
  for await (const run of table.runs()) {
    const end = run.from + run.rows;
    // A run that reaches no split of this party has no command.
    for (; command.op === 'route' && command.from < end; command = await next()) {
      if (command.from !== run.from || command.to !== end) throw violation(peer, 'rows to route that are no run');
      await answerRoute(session, splits, run, { ...command, from: 0, to: run.rows });
    }
    served(run);
  }
  if (command.op !== 'done') throw violation(peer, 'rows to route behind the last');
}

/** Starts to predict with a model on shares. Throws NOT_CONVERGED if scores of this table might not fit. */
async function startSlice(
  context: PartyContext,
  slice: Slice,
  size: number,
  receiver: string,
): Promise<PredictionOnShares> {
  const theirs = await exchangeMessages(context, { features: size });
  const parties = partiesOf(context);
  const sizes = parties.map((party) => theirs.get(party)?.count('features', 1024) ?? size);
  if (!scoresFit(slice.columns, sizes, slice.weightBits)) {
    const most = Math.max(...sizes);
    throw new TaskFailure(
      'NOT_CONVERGED',
      `Features up to 2^${most} are too large for the model. Scale them as for its training (standard_scaler).`,
      false,
      { feature_bits: most },
    );
  }
  return new PredictionOnShares(await joinAll(context), slice, parties.indexOf(receiver));
}

/** Own shares of the predictions of one run of rows after the other, by trees on shares. */
async function startShared(
  context: PartyContext,
  slice: SharedSlice,
): Promise<(run: NumericColumns) => Promise<Vector>> {
  const joint = new JointParty(await join(context), (opened) => context.send(NEUTRAL, opened));
  return (run) => predictRun(joint, slice, run);
}

/** Own shares of what is opened of one run of rows after the other, by a generalised linear model. */
async function startGlm(context: PartyContext, slice: GlmSlice): Promise<(run: NumericColumns) => Promise<Vector>> {
  const session = await join(context);
  const joint = new JointParty(session, () => Promise.resolve());
  return (run) => predictGlmRun(joint, context.party, session.index, slice, run);
}

function join(context: PartyContext): Promise<PartySession> {
  const [peer] = context.peers as [string];
  return joinSession(context.party < peer ? 0 : 1, lineTo(context, peer), lineTo(context, NEUTRAL));
}
