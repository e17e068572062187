import { BucketMatrix } from '../mpc/bucket-matrix.js';
import { JointParty } from '../mpc/joint.js';
import { lineTo } from '../mpc/party-line.js';
import { bytesOf, vectorFrom } from '../mpc/rings.js';
import { joinSession } from '../mpc/session.js';
import { NEUTRAL, type PartyContext, type PartyProgram } from '../party/party-program.js';
import { keepModel } from '../party/model-card.js';
import type { NumericColumns } from '../table/numeric-columns.js';
import { bucketed } from '../vertical/buckets.js';
import { rulesOfTrees } from '../vertical/boosting.js';
import { keepPredictions } from '../vertical/keep-predictions.js';
import { verticalCard } from '../vertical/vertical-card.js';
import { prepareRows } from '../vertical/vertical-rows.js';
import { agree } from './agreement.js';
import { countNodes } from './counted-nodes.js';
import { bitsOf, boostShared, nodesOfEither } from './shared-boost.js';
import { PREDICT_ROWS, openedPredictions, predictRun, sliceFile, type SharedSlice } from './shared-model.js';
import type { Winners } from './shared-tree.js';
import type { SsXgbOutcome, SsXgbPart } from './ss-xgb-plan.js';

/**
 * One party of `ss_xgb`: puts its columns into buckets, boosts trees on shares, keeps its slice, and predicts. Throws what
 * {@link prepareRows}, {@link agree} and {@link countNodes} do.
 */
export const run: PartyProgram<SsXgbPart, SsXgbOutcome> = async (context, part) => {
  const { plan } = part;
  const { boosting } = plan;
  const index = plan.parties[0] === context.party ? 0 : 1;
  const home = plan.parties[0] === plan.labelParty ? 0 : 1;
  const peer = context.peers[0]!;
  const prepared = await prepareRows(context, part, rulesOfTrees(plan.boosting));
  const { train, heldOut, predict, least } = prepared;
  const isLogistic = boosting.objective === 'logistic';
  const own = part.features.map((_, column) => bucketed(train.values, column, train.columns, boosting.buckets, least));
  const base = isLogistic ? 0 : boosting.baseScore;
  const errors = train.label && train.label.map((y) => y - base);
  const { training, counts, unit } = await agree(
    context,
    index,
    plan.columns[1 - index]!,
    own.map(({ count }) => count),
    errors && (isLogistic ? 0 : exponentOf(errors)),
    { train: train.rows, predict: predict?.rows ?? 0, least },
  );
  const public_ = { boosting, rows: train.rows, home, counts, least } as const;
  await countNodes(context, part, prepared, nodesOfEither(public_));
  const session = await joinSession(index, lineTo(context, peer), lineTo(context, NEUTRAL));
  const joint = new JointParty(session, (opened) => context.send(NEUTRAL, opened));
  const matrix = await BucketMatrix.mask(
    joint,
    train.rows,
    { of: own.map(({ of }) => of), counts: counts[index] },
    counts[1 - index]!.reduce((sum, count) => sum + count, 0),
    (fraction) => context.progress(0.02 + 0.03 * fraction, 'masking buckets'),
  );
  const label = errors && errors.map((error) => error / unit);
  const trees = await boostShared(joint, matrix, winnersOf(context, index), own, label, public_, (tree) =>
    context.progress(0.05 + (0.85 * tree) / boosting.rounds, `training, tree ${tree + 1} of ${boosting.rounds}`),
  );
  const slice: SharedSlice = {
    peer,
    training,
    objective: boosting.objective,
    start: isLogistic ? boosting.baseScore : 0,
    scoreBits: bitsOf(public_).score,
    owners: trees.map(({ owners }) => owners),
    hasLabel: part.label !== null,
    features: part.features,
    unit,
    base,
    splits: trees.map(({ splits }) =>
      splits.map((split) => split && { column: split.column, threshold: own[split.column]!.edges[split.bucket]! }),
    ),
    weights: trees.map(({ weights }) => weights),
  };
  const content = sliceFile(context.party, slice);
  const card = verticalCard(context, part, prepared);
  const model = await keepModel(context, { target: part.modelOutput, content, card });
  const receives = plan.receiver === context.party;
  const next = async (rows: NumericColumns): Promise<Float64Array | null> => {
    const shares = await predictRun(joint, slice, rows);
    if (receives) return openedPredictions(slice, shares, vectorFrom(await context.receiveBytes(peer), rows.rows));
    await context.send(peer, bytesOf(shares));
    return null;
  };
  // All of one length, which is no figure of the table.
  const show = isLogistic ? (chance: number): string => chance.toFixed(10) : String;
  const predictions = { length: PREDICT_ROWS, next, show };
  const prediction = predict && predict.rows > 0 ? await keepPredictions(context, part, predict, predictions) : null;
  context.progress(1, 'done');
  return { rows: train.rows, heldOut, model, prediction };
};

/** The power of two that no error passes. */
function exponentOf(errors: Float64Array): number {
  const largest = errors.reduce((most, error) => Math.max(most, Math.abs(error)), 0);
  return largest === 0 ? 0 : Math.max(-1000, Math.ceil(Math.log2(largest)));
}

/** Each party sends the other its shares of the numbers of the other's winners. */
function winnersOf(context: PartyContext, index: 0 | 1): Winners {
  const peer = context.peers[0]!;
  return {
    async open(owners, numbers) {
      const theirs = numbers.filter((_, node) => owners[node] !== index);
      const mine = numbers.filter((_, node) => owners[node] === index);
      const [received] = await Promise.all([context.receiveBytes(peer), context.send(peer, bytesOf(theirs))]);
      const shares = vectorFrom(received, mine.length);
      let used = 0;
      return owners.map((owner) => {
        if (owner !== index) return undefined;
        const number = (mine[used]! + shares[used]!) >>> 0;
        used += 1;
        return number;
      });
    },
  };
}
