import {
  FEATURE_BITS,
  STATE_BITS,
  addInto,
  addToEach,
  encode,
  fromBytes,
  lengthOf,
  shiftLeftInto,
  slice,
  subtract,
  subtractInto,
  toBytes,
  total,
  zeros,
  type RingVector,
} from '../mpc/ring.js';
import { concat } from '../mpc/rings.js';
import type { DealtParty, PartySession } from '../mpc/session.js';
import { factorOf, share, timesWhole, type Factor } from '../mpc/sharing.js';
import { dealSoftThreshold, softThreshold } from '../mpc/soft-threshold.js';
import { dealNegative } from '../mpc/shared-bits.js';
import { dealSumOfSquares, sumOfSquares } from '../mpc/squares.js';
import { dealTruncation, dealTruncationNear, truncate, truncateNear, type Cut } from '../mpc/truncation.js';
import { VerticalDealer, VerticalMatrix } from '../mpc/vertical-matrix.js';
import { batches } from '../vertical/split-rows.js';
import type { TrainingRows } from '../vertical/vertical-rows.js';
import { stepsWithLoss } from '../vertical/shown-steps.js';
import { dealLoss, isNegative, openLoss } from './losses.js';
import { RESIDUAL_BITS, SCORE_BITS } from './room.js';
import type { RegType, Schedule } from './schedule.js';
import { anyBeyond, dealAnyBeyond, stepsToCheck } from './weight-range.js';

/** What a training must keep to, as both parties have agreed (see `room.ts`). */
export interface Room {
  /** No weight may exceed 2^weightBits. */
  readonly weightBits: number;
  /** No label exceeds 2^labelSize. */
  readonly labelSize: number;
  /** How many losses are opened. */
  readonly losses: number;
}

/** What a party has after a training. */
export interface Trained {
  /** Own share of the weights of the first party's columns, of the second's, and of the intercept. */
  readonly weights: RingVector;
  /** Mean squared residual of each epoch, known to both, to three significant digits; null where it is not opened. */
  readonly losses: readonly (number | null)[];
  /** The same after the last update. */
  readonly finalLoss: number | null;
}

/** Receives the progress of a training. */
export interface TrainingWatch {
  readonly masked?: (fraction: number) => void;
  readonly batch?: (fraction: number, epoch: number) => void;
}

/** A training whose weights left their range, or whose model is worse than none. */
export class RanAway extends Error {}

/** log2 of the divisor of the sigmoid's line, 0.5 + z/8. */
const SIGMOID_SHIFT: Record<RegType, number> = { logistic: 3, linear: 0 };
/**
 * How a residual is rounded. Runs may differ by a unit of 2^-42 or of a weight's 2^-48, some 2^-40 of a prediction after thousands of steps. A unit of 2^-26 would show in
 * predictions, so those of linear regression are rounded down.
 */
const ROUNDING = {
  logistic: { truncate: truncateNear, deal: dealTruncationNear },
  linear: { truncate, deal: dealTruncation },
} as const;
/** A loss this many times that of the untrained model is that of a wrong model. */
const WRONG = 1.1;
/** Rows of a step of the loss after the last update. */
const LOSS_ROWS = 4096;

/**
 * Mini-batch gradient descent on shares, one party's side. A batch of B rows does
 *
 *     p = 0.5 + (X w + b) / 8        (logistic; linear: X w + b)
 *     d = p - y                      (the label's party subtracts y from its own share)
 *     w -= rate / B * (X' d + l2 w)    b -= rate / B * sum(d)
 *     w moves towards 0 by rate / B * l1, and stops there
 *
 * This is the naive SGD of SecretFlow's ss_sgd with three differences: its last, shorter batch counts too; the line is
 * not clipped (that would take a secure comparison of each row); and it has an L1 penalty, by proximal steps. A step takes
 * four rounds, of linear regression six.
 *
 * No weight is opened. Both parties learn that every weight stayed in its range after every step (see `Room`), the loss
 * of some epochs, each batch taken before its update, and that the last one is not above that of the untrained model.
 * Throws RanAway.
 */
export async function trainOnShares(
  session: PartySession,
  data: TrainingRows,
  schedule: Schedule,
  { weightBits, labelSize, losses: shown }: Room,
  watch: TrainingWatch = {},
): Promise<Trained> {
  const { index } = session;
  const { values, columns, peerColumns, rows: count } = data;
  const matrix = await VerticalMatrix.mask(session, values, count, columns, peerColumns, watch.masked);
  const { dealt } = matrix;
  const features = columns + peerColumns;
  const first = index === 0 ? columns : peerColumns;
  const facts = { bits: 2 * RESIDUAL_BITS[schedule.regType], rows: count, labelSize };
  const label = data.label && encode(data.label, SCORE_BITS + SIGMOID_SHIFT[schedule.regType]);
  let weights = await shareZeros(session, features + 1);

  const residualsOf = async (from: number, to: number) => {
    const rows = matrix.rows(from, to);
    const blocks = [slice(weights, 0, first), slice(weights, first, features)] as const;
    const scores = await rows.times(blocks[index], blocks[index === 0 ? 1 : 0]);
    addToEach(scores, shiftLeftInto(slice(weights, features, features + 1).slice(), FEATURE_BITS));
    if (schedule.regType === 'logistic' && index === 0) addToEach(scores, encode([0.5], SCORE_BITS + 3));
    if (label) subtractInto(scores, slice(label, from, to));
    return {
      rows,
      residuals: await ROUNDING[schedule.regType].truncate(session, dealt, scores, [residualCut(schedule, to - from)]),
    };
  };

  const losses: (number | null)[] = [];
  // One is the loss after the last update.
  const withLoss = stepsWithLoss(schedule.epochs, shown - 1);
  const toCheck = stepsToCheck(features + 1);
  const plan = batches(count, schedule.batchSize);
  let unchecked: RingVector[] = [];
  for (let epoch = 0; epoch < schedule.epochs; epoch += 1) {
    const squares = zeros(1);
    for (const [number, [from, to]] of plan.entries()) {
      const { rows, residuals } = await residualsOf(from, to);
      const gradient = await rows.transposedTimes(residuals);
      addInto(squares, gradient.squares);
      const { rate, decay, l1, cuts } = stepOf(schedule, to - from, features);
      const ordered = index === 0 ? [gradient.own, gradient.peer] : [gradient.peer, gradient.own];
      const summed = timesWhole(concat([...ordered, shiftLeftInto(total(residuals), FEATURE_BITS)]), rate.mantissa);
      const decayed = timesWhole(slice(weights, 0, features), decay.mantissa);
      const moves = await truncateNear(session, dealt, decay.mantissa > 0 ? concat([summed, decayed]) : summed, cuts);
      weights = subtract(weights, slice(moves, 0, features + 1));
      if (decay.mantissa > 0) subtractInto(slice(weights, 0, features), slice(moves, features + 1, lengthOf(moves)));
      if (l1 > 0) slice(weights, 0, features).set(await softThreshold(session, dealt, slice(weights, 0, features), l1));

      unchecked.push(weights);
      const isLast = epoch + 1 === schedule.epochs || withLoss.has(epoch);
      if (toCheck(isLast && number + 1 === plan.length) > 0) {
        if (await anyBeyond(session, dealt, concat(unchecked), weightBits)) throw new RanAway();
        unchecked = [];
      }
      watch.batch?.((epoch + (number + 1) / plan.length) / (schedule.epochs + 1), epoch);
    }
    losses.push(withLoss.has(epoch) ? await openLoss(session, dealt, { ...facts, sum: squares }) : null);
  }

  const sum = zeros(1);
  for (const [from, to] of batches(count, LOSS_ROWS)) {
    const { residuals } = await residualsOf(from, to);
    addInto(sum, await sumOfSquares(session, dealt, residuals));
    watch.batch?.((schedule.epochs + to / count) / (schedule.epochs + 1), schedule.epochs - 1);
  }
  const most = data.label ? encode([mostSquares(data.label, schedule.regType, labelSize)], facts.bits) : zeros(1);
  if (await isNegative(session, dealt, subtract(most, sum))) throw new RanAway();
  const finalLoss = shown === 0 ? null : await openLoss(session, dealt, { ...facts, sum });
  return { weights, losses, finalLoss };
}

/** The dealer's side of {@link trainOnShares}: it learns the sizes and the schedule, and receives nothing. */
export async function dealTraining(
  parties: readonly [DealtParty, DealtParty],
  count: number,
  columns: readonly [number, number],
  schedule: Schedule,
  losses: number,
  onBatch: (fraction: number, epoch: number) => void = () => {},
): Promise<void> {
  const matrix = new VerticalDealer(parties, columns);
  const [, toSecond] = matrix.lines;
  const features = columns[0] + columns[1];
  const withLoss = stepsWithLoss(schedule.epochs, losses - 1);
  const toCheck = stepsToCheck(features + 1);
  const plan = batches(count, schedule.batchSize);
  for (let epoch = 0; epoch < schedule.epochs; epoch += 1) {
    for (const [number, [from, to]] of plan.entries()) {
      const rows = matrix.rows(from, to);
      await rows.times();
      await ROUNDING[schedule.regType].deal(parties, toSecond, [residualCut(schedule, to - from)]);
      await rows.transposedTimes();
      const { l1, cuts } = stepOf(schedule, to - from, features);
      await dealTruncationNear(parties, toSecond, cuts);
      if (l1 > 0) await dealSoftThreshold(parties, toSecond, features);
      const isLast = epoch + 1 === schedule.epochs || withLoss.has(epoch);
      const steps = toCheck(isLast && number + 1 === plan.length);
      if (steps > 0) await dealAnyBeyond(parties, toSecond, steps * (features + 1));
      onBatch((epoch + (number + 1) / plan.length) / (schedule.epochs + 1), epoch);
    }
    if (withLoss.has(epoch)) await dealLoss(parties, toSecond);
  }
  for (const [from, to] of batches(count, LOSS_ROWS)) {
    await matrix.rows(from, to).times();
    await ROUNDING[schedule.regType].deal(parties, toSecond, [residualCut(schedule, to - from)]);
    await dealSumOfSquares(parties, toSecond, to - from);
  }
  await dealNegative(parties, toSecond, 1);
  if (losses > 0) await dealLoss(parties, toSecond);
  await matrix.end();
}

/** What a residual of a batch of `count` rows loses: a score's fraction bits beyond those of residuals. */
const residualCut = ({ regType }: Schedule, count: number): Cut => ({
  count,
  bits: SCORE_BITS + SIGMOID_SHIFT[regType] - RESIDUAL_BITS[regType],
});

/** The public factors of a step of `count` rows, and what the products lose. */
function stepOf(
  { regType, learningRate, l1, l2 }: Schedule,
  count: number,
  features: number,
): { rate: Factor; decay: Factor; l1: number; cuts: Cut[] } {
  const rate = factorOf(learningRate / count);
  const decay = factorOf((learningRate / count) * l2);
  const cuts = [{ count: features + 1, bits: FEATURE_BITS + RESIDUAL_BITS[regType] + rate.bits - STATE_BITS }];
  if (decay.mantissa > 0) cuts.push({ count: features, bits: decay.bits });
  return { rate, decay, l1: (learningRate / count) * l1, cuts };
}

/** The largest sum of squares of a model that is not wrong, with what fixed point makes of a perfect one. */
function mostSquares(label: Float64Array, regType: RegType, labelSize: number): number {
  const start = regType === 'logistic' ? 0.5 : 0;
  return label.reduce((sum, y) => sum + WRONG * (start - y) ** 2, label.length * 1e-6 * 4 ** labelSize);
}

/** Weights start at zero, as random shares that party 0 makes. */
async function shareZeros({ index, peer }: PartySession, length: number): Promise<RingVector> {
  if (index === 1) return fromBytes(await peer.receive(), length);
  const [kept, sent] = share(zeros(length));
  await peer.send(toBytes(sent));
  return kept;
}
