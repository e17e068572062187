import { randomBytes } from 'node:crypto';
import { PeerMessage } from '../contract/peer-message.js';
import { TaskFailure } from '../contract/task-type.js';
import { bitOf, sized, xor } from '../mpc/bit-strings.js';
import { exchange } from '../mpc/channel.js';
import { JointParty } from '../mpc/joint.js';
import { lineTo } from '../mpc/party-line.js';
import { addInto, decode, fromBytes, toBytes } from '../mpc/ring.js';
import { joinSession } from '../mpc/session.js';
import { BITS, openedOf, reserveFirst, type Opened } from '../party/opened.js';
import { keepModel } from '../party/model-card.js';
import { NEUTRAL, type PartyContext, type PartyProgram } from '../party/party-program.js';
import { keepPredictions } from '../vertical/keep-predictions.js';
import { verticalCard } from '../vertical/vertical-card.js';
import { prepareRows, type PreparedRows, type RowRules } from '../vertical/vertical-rows.js';
import { EXPLAINED_BITS, ROWS_FOR_LOSS, explainedOn } from './explained.js';
import { fitGlm } from './fit-glm.js';
import { shapeOf, type SsGlmOutcome, type SsGlmPart, type SsGlmPlan } from './glm-plan.js';
import { glmRows, sharesOf, type GlmRows } from './glm-rows.js';
import { glmSliceFile, type GlmSlice } from './glm-slice.js';
import { MOST_SCALE } from './own-label.js';
import { PREDICT_ROWS, openedMeans, predictRun } from './predict-glm.js';

/**
 * One party of `ss_glm`: reads its table, fits on shares, saves its share of the model, and predicts. Throws TaskFailure NOT_CONVERGED, and what
 * {@link prepareRows} and {@link glmRows} throw.
 */
export const run: PartyProgram<SsGlmPart, SsGlmOutcome> = async (context, part) => {
  const { plan } = part;
  const index = plan.parties[0] === context.party ? 0 : 1;
  const peer = context.peers[0]!;
  const prepared = await prepareRows(context, part, rulesOf(plan));
  const { train, heldOut, predict } = prepared;
  const own = glmRows(part, context.party, prepared);
  const { training, scaleBits, explained: isShown } = await agree(context, index, part, prepared, own);
  if (index === 0) {
    await context.send(NEUTRAL, { rows: train.rows, predict: predict?.rows ?? 0, explained: isShown });
  }

  const line = lineTo(context, peer);
  // No step opens bits to the dealer.
  const joint = new JointParty(await joinSession(index, line, lineTo(context, NEUTRAL)), () => Promise.resolve());
  const shape = shapeOf(plan, train.rows, scaleBits);
  const fit = await fitGlm(joint, shape, sharesOf(own, shape, index), (fraction) =>
    context.progress(0.05 + 0.85 * fraction, 'fitting on shares'),
  );
  if (bitOf(xor(fit.fails, sized(await exchange(line, fit.fails), fit.fails.length)), 0) === 1) throw noFit();
  let explained: number | null = null;
  if (isShown) {
    const share = await explainedOn(joint, fit.loss, train.rows, own.label);
    explained = decode(addInto(share, fromBytes(await exchange(line, toBytes(share).slice()), 1)), EXPLAINED_BITS)[0]!;
  }

  const slice: GlmSlice = {
    ...{ training, scaleBits, hasOffset: plan.hasOffset, hasLabel: part.label !== null },
    link: plan.family.link,
    features: part.features.slice(0, own.places.length),
    places: own.places,
    columns: plan.columns,
    rows: train.rows,
    share: fit.coefficients,
  };
  const content = glmSliceFile(context.party, slice);
  const card = verticalCard(context, part, prepared, { explained });
  const reference = await keepModel(context, { target: part.modelOutput, content, card });

  const receives = plan.receiver === context.party;
  const next = async (rows: Parameters<typeof predictRun>[4]): Promise<Float64Array | null> => {
    const share = await predictRun(joint, context.party, index, slice, rows);
    if (receives) return openedMeans(slice, share, fromBytes(await line.receive(), rows.rows));
    await line.send(toBytes(share));
    return null;
  };
  const prediction =
    predict && predict.rows > 0 ? await keepPredictions(context, part, predict, { length: PREDICT_ROWS, next }) : null;
  context.progress(1, 'done');
  return { rows: train.rows, heldOut, explained, model: reference, prediction };
};

function rulesOf({ family, columns }: SsGlmPlan): RowRules {
  return {
    binaryLabel: family.link === 'logit',
    maxSize: Infinity,
    minGroups: columns[0] + columns[1],
    minRowsWhy: (least) => `have ${least} rows for each column, or train on fewer columns.`,
    refusesFewApart: true,
  };
}

/** What both parties know before a fit. */
interface Agreed {
  /** Named by the first party. */
  readonly training: string;
  /** Of the party with the label. */
  readonly scaleBits: number;
  /** Whether both can count the loss. */
  readonly explained: boolean;
}

/** Counts what is opened, and tells the peer the scale of the label and whether the loss may be shown. */
async function agree(
  context: PartyContext,
  index: 0 | 1,
  { plan, features, label }: SsGlmPart,
  { train }: PreparedRows,
  own: GlmRows,
): Promise<Agreed> {
  const peer = context.peers[0]!;
  const isLog = plan.family.link === 'log';
  const tables = [
    { names: features, values: train.values, rows: train.rows },
    ...(train.label ? [{ names: [label!], values: train.label, rows: train.rows }] : []),
  ];
  const wish = (losses: number): Opened => {
    const columns = tables.flatMap((each) => [
      ...openedOf(each, losses, BITS.explained),
      ...openedOf(each, 1, BITS.verdict),
    ]);
    const ofLabel = isLog ? tables.slice(1).flatMap((each) => openedOf(each, 1, BITS.scale)) : [];
    return { columns: [...columns, ...ofLabel], joint: true, ...(losses > 0 && { share: 1 / 2 }) };
  };
  const wishes = train.rows >= ROWS_FOR_LOSS ? [wish(1), wish(0)] : [wish(0)];
  const explained = (await reserveFirst(context, wishes)) < wishes.length - 1;
  const training = randomBytes(16).toString('hex');
  await context.send(peer, {
    explained,
    // A count, from the smallest on.
    ...(own.label !== null && isLog && { scale: own.label.scaleBits + MOST_SCALE }),
    ...(index === 0 && { training }),
  });
  const theirs = glmFactsFrom(peer, await context.receiveJson<unknown>(peer), {
    training: index === 1,
    scale: own.label === null && isLog,
  });
  return {
    training: theirs.training ?? training,
    scaleBits: own.label?.scaleBits ?? theirs.scaleBits,
    explained: explained && theirs.explained,
  };
}

/** What a peer sends before a fit. Throws PROTOCOL_VIOLATION. */
export function glmFactsFrom(
  peer: string,
  value: unknown,
  sends: { readonly training: boolean; readonly scale: boolean },
): { training: string | null; scaleBits: number; explained: boolean } {
  const message = new PeerMessage(peer, value);
  return {
    training: sends.training ? message.text('training', 32) : null,
    scaleBits: sends.scale ? message.count('scale', 2 * MOST_SCALE) - MOST_SCALE : 0,
    explained: message.flag('explained'),
  };
}

function noFit(): TaskFailure {
  return new TaskFailure(
    'NOT_CONVERGED',
    'There is no fit: columns of both parties together are collinear, or nearly so, they predict the label without an error, means of rows lie over a factor of e^7 apart, or ' +
      'params.epochs are too few. Leave out columns that follow from others (vif), cut off outliers, or set params.l2_lambda.',
  );
}
