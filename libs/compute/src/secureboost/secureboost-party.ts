import { violation } from '../contract/peer-message.js';
import { lineTo } from '../mpc/party-line.js';
import { joinSession } from '../mpc/session.js';
import { predictionsFor } from '../party/opened.js';
import { NEUTRAL, type PartyContext, type PartyProgram } from '../party/party-program.js';
import type { OutputRows } from '../party/row-sets.js';
import type { NumericColumns } from '../table/numeric-columns.js';
import { predictionOf } from '../vertical/scores.js';
import { rulesOfTrees } from '../vertical/boosting.js';
import { verticalCard } from '../vertical/vertical-card.js';
import { prepareRows, type PredictedRows, type PreparedRows } from '../vertical/vertical-rows.js';
import { keepModel } from '../party/model-card.js';
import { writeTable } from '../table/write-table.js';
import type { JsonObject } from '../contract/task-type.js';
import { trainingName } from '../vertical/vertical-plan.js';
import { boost } from './boost.js';
import { bucketed } from '../vertical/buckets.js';
import { bucketCountsFrom, commandFrom } from './commands.js';
import { serveFeatures } from './feature-holder.js';
import { checkLabelValues } from './label-values.js';
import { MaskedPeer } from './masked-peer.js';
import { PREDICT_ROWS, fileNode, scoresOf, type ModelNode } from './predict.js';
import {
  TREES_FORMAT,
  type SecureBoostOutcome,
  type SecureBoostPart,
  type SecureBoostPlan,
} from './secureboost-plan.js';
import { roundsWithLoss, shownLosses } from './shown-losses.js';
import type { TreeNode } from './tree.js';

/**
 * One party of `secureboost`: the label's party grows the trees, the other serves it. Throws what {@link prepareRows} and
 * {@link checkLabelValues} do.
 */
export const run: PartyProgram<SecureBoostPart, SecureBoostOutcome> = async (context, part) => {
  const { boosting, receiver } = part.plan;
  const prepared = await prepareRows(context, part, rulesOfTrees(boosting));
  if (receiver !== context.party && prepared.predict !== null)
    await context.reserve(predictionsFor(receiver, prepared.predict.rows));
  const outcome = await (part.label === null ? holdFeatures : holdLabel)(context, part, prepared);
  context.progress(1, 'done');
  return outcome;
};

async function holdLabel(
  context: PartyContext,
  part: SecureBoostPart,
  prepared: PreparedRows,
): Promise<SecureBoostOutcome> {
  const { train, heldOut, predict, least } = prepared;
  const { plan } = part;
  const { boosting } = plan;
  const peerName = context.peers[0]!;
  checkLabelValues({ party: context.party, path: part.trainData, name: part.label! }, train.label!, least);
  const withLoss = await roundsWithLoss(context, part, prepared);
  const own = part.features.map((_, column) => bucketed(train.values, column, train.columns, boosting.buckets, least));
  const counts = bucketCountsFrom(
    peerName,
    await context.receiveJson<unknown>(peerName),
    plan.columns[1 - indexOf(context, plan)]!,
  );
  const session = await joinSession(indexOf(context, plan), lineTo(context, peerName), lineTo(context, NEUTRAL));
  const peer = await MaskedPeer.start(session, train.rows, counts, async (command, dealer) => {
    await context.send(peerName, command);
    await context.send(NEUTRAL, dealer);
  });
  let step = 0;
  const { trees, losses } = await boost(own, peer, train.label!, { ...boosting, least }, (tree) => {
    step = 0.05 + (0.85 * tree) / boosting.rounds;
    context.progress(step, `training, tree ${tree + 1} of ${boosting.rounds}`);
  });
  const shown = { rows: train.rows, losses: shownLosses(losses, withLoss) };
  const training = trainingName(plan, { ...shown, splits: peerSplits(trees, own.length) });
  const model = modelTrees(trees, own.length, (column, bucket) => own[column]!.edges[bucket]!);
  const figures = { final_loss: shown.losses.at(-1) ?? null, loss_by_round: [...shown.losses] };
  const reference = await keepPart(context, part, verticalCard(context, part, prepared, figures), {
    training,
    base_score: boosting.baseScore,
    peer: peerName,
    trees: model.map((nodes) => nodes.map((node) => fileNode(node, part.features))),
  });
  const scores = predict && (await predictAll(context, part, model, predict, peer));
  await peer.done(training);
  const prediction = scores && (await deliver(context, part, predict, scores));
  const ownSplits = model.flat().filter((node) => 'feature' in node).length;
  return {
    ...shown,
    heldOut,
    model: reference,
    prediction,
    splits: { [context.party]: ownSplits, [peerName]: peer.splitCount },
  };
}

async function holdFeatures(
  context: PartyContext,
  part: SecureBoostPart,
  prepared: PreparedRows,
): Promise<SecureBoostOutcome> {
  const { train, heldOut, predict, least } = prepared;
  const { plan } = part;
  const peerName = context.peers[0]!;
  const own = part.features.map((_, column) =>
    bucketed(train.values, column, train.columns, plan.boosting.buckets, least),
  );
  const sizes = own.map(({ of, count }) => {
    const rows: number[] = new Array<number>(count).fill(0);
    for (const bucket of of) rows[bucket]! += 1;
    return rows;
  });
  const { rounds, maxDepth } = plan.boosting;
  await context.reserve({ columns: [], to: [peerName], counts: { sums: rounds * maxDepth * own.length } });
  await context.send(
    peerName,
    own.map(({ count }) => count),
  );
  await context.send(NEUTRAL, { rows: train.rows, sizes });
  const session = await joinSession(indexOf(context, plan), lineTo(context, peerName), lineTo(context, NEUTRAL));
  let served = 0;
  const { splits, training } = await serveFeatures(session, own, predict, peerName, plan.boosting, async (known) => {
    const command = commandFrom(peerName, await context.receiveJson<unknown>(peerName), known);
    // The number of commands depends on the trees, so the progress approaches its end without reaching it.
    served += 1;
    context.progress(0.05 + (0.85 * served) / (served + 2 * plan.boosting.rounds), 'summing up masked derivatives');
    return command;
  });
  const reference = await keepPart(context, part, verticalCard(context, part, prepared), {
    training,
    peer: peerName,
    max_depth: plan.boosting.maxDepth,
    splits: splits.map(({ tree, column, threshold }) => ({ tree, feature: part.features[column]!, threshold })),
  });
  const prediction =
    plan.receiver === context.party && predict ? await receivePredictions(context, part, peerName, predict) : null;
  return { rows: train.rows, heldOut, model: reference, prediction, losses: [], splits: {} };
}

function indexOf(context: PartyContext, plan: SecureBoostPlan): 0 | 1 {
  return plan.parties[0] === context.party ? 0 : 1;
}

/** The splits on the other party's columns, tree by tree: what both parties know of the trees. */
const peerSplits = (trees: readonly (readonly TreeNode[])[], ownColumns: number): [number, number][][] =>
  trees.map((nodes) =>
    nodes.flatMap((node) =>
      'column' in node && node.column >= ownColumns ? [[node.column - ownColumns, node.bucket]] : [],
    ),
  );

/** Splits of the other party get the ids that it assigned: by tree, then by level. */
function modelTrees(
  trees: readonly (readonly TreeNode[])[],
  ownColumns: number,
  edge: (column: number, bucket: number) => number,
): ModelNode[][] {
  let next = 0;
  // Nodes are numbered level by level, in the order in which their splits were asked for.
  return trees.map((nodes) =>
    nodes.map((node) => {
      if ('weight' in node) return node;
      const { column, bucket, left, right } = node;
      if (column >= ownColumns) return { peerSplit: next++, left, right };
      return { feature: column, threshold: edge(column, bucket), left, right };
    }),
  );
}

/** A party's part of the model: of the other's columns only the ids of their splits. */
function keepPart(context: PartyContext, part: SecureBoostPart, card: JsonObject, trees: JsonObject): Promise<string> {
  const { objective } = part.plan.boosting;
  const content = { format: TREES_FORMAT, party: context.party, objective, features: [...part.features], ...trees };
  return keepModel(context, { target: part.modelOutput, content, card });
}

/** Scores of the rows of the table, in runs of `PREDICT_ROWS`. */
async function predictAll(
  context: PartyContext,
  { plan }: SecureBoostPart,
  model: readonly (readonly ModelNode[])[],
  table: NumericColumns,
  peer: MaskedPeer,
): Promise<Float64Array[]> {
  const chunks: Float64Array[] = [];
  for (let from = 0; from < table.rows; from += PREDICT_ROWS) {
    const to = Math.min(from + PREDICT_ROWS, table.rows);
    chunks.push(await scoresOf(model, plan.boosting.baseScore, table, from, to, peer));
    context.progress(0.9 + (0.09 * to) / table.rows, 'predicting');
  }
  return chunks;
}

/** Keeps the predictions, or sends their scores to the other party if it is the receiver. */
async function deliver(
  context: PartyContext,
  part: SecureBoostPart,
  table: PredictedRows,
  chunks: readonly Float64Array[],
): Promise<SecureBoostOutcome['prediction']> {
  const { receiver } = part.plan;
  if (receiver !== context.party) {
    for (const scores of chunks) await context.send(receiver, new Uint8Array(scores.buffer));
    return null;
  }
  const writer = await startPredictions(context, part, ['label', 'prediction'], table.made);
  for (const [at, scores] of chunks.entries()) {
    const labelOf = (row: number): number => table.values[(at * PREDICT_ROWS + row + 1) * table.columns - 1]!;
    await writer.rows(
      Array.from(scores, (score, row) => [
        String(labelOf(row)),
        String(predictionOf(score, part.plan.boosting.objective)),
      ]),
    );
  }
  await writer.finish();
  return { reference: writer.reference, rows: table.rows };
}

async function receivePredictions(
  context: PartyContext,
  part: SecureBoostPart,
  peer: string,
  { rows, made }: PredictedRows,
): Promise<SecureBoostOutcome['prediction']> {
  const writer = await startPredictions(context, part, ['prediction'], made);
  for (let done = 0; done < rows; done += PREDICT_ROWS) {
    const bytes = await context.receiveBytes(peer);
    if (bytes.length !== 8 * Math.min(PREDICT_ROWS, rows - done)) throw violation(peer, 'scores of another length');
    const scores = new Float64Array(bytes.slice().buffer);
    await writer.rows(Array.from(scores, (score) => [String(predictionOf(score, part.plan.boosting.objective))]));
  }
  await writer.finish();
  return { reference: writer.reference, rows };
}

function startPredictions(
  context: PartyContext,
  part: SecureBoostPart,
  columns: string[],
  rows: OutputRows,
): ReturnType<typeof writeTable> {
  const target = part.predictionOutput !== null && { target: part.predictionOutput };
  return writeTable(context, { ...target, name: 'predictions.csv', rows }, columns);
}
