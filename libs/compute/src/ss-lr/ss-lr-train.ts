import {
  dealMasking,
  dealtKnown,
  dealtSum,
  known,
  masking,
  openTogether,
  plain,
  sumOfMasked,
  type DealtMasked,
  type Masked,
} from '../mpc/masked.js';
import { dealMaskingCut, maskingCut } from '../mpc/masked-cut.js';
import { PieceSender } from '../mpc/pieces.js';
import {
  FEATURE_BITS,
  add,
  addInto,
  addToEach,
  encode,
  negateInto,
  shiftLeftInto,
  slice,
  subtract,
  subtractInto,
  total,
  zeros,
  type RingVector,
} from '../mpc/ring.js';
import { concat } from '../mpc/rings.js';
import type { DealtParty, GroupSession } from '../mpc/session.js';
import { timesWhole } from '../mpc/sharing.js';
import { dealSoftThreshold, softThreshold } from '../mpc/soft-threshold.js';
import { dealNegative } from '../mpc/shared-bits.js';
import {
  SplitDealer,
  SplitMatrix,
  featuresIn,
  type ColumnCounts,
  type DealtRows,
  type SplitRows,
} from '../mpc/split-matrix.js';
import { dealSumOfSquares, squaresOf, sumOfSquares } from '../mpc/squares.js';
import { dealTruncation, truncate } from '../mpc/truncation.js';
import { canMultiply } from '../mpc/turned.js';
import { batches } from '../vertical/split-rows.js';
import type { TrainingRows } from '../vertical/vertical-rows.js';
import { stepsWithLoss } from '../vertical/shown-steps.js';
import { dealLoss, isNegative, openLoss } from './losses.js';
import { RESIDUAL_BITS } from './room.js';
import type { RegType, Schedule } from './schedule.js';
import { lineBits, residualCut, stepOf } from './step.js';
import { anyBeyond, dealAnyBeyond, stepsToCheck } from './weight-range.js';

/** What a training must keep to, as all parties have agreed (see `room.ts`). */
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
  /** Own share of the weights of each party's columns, in their order, and of the intercept. */
  readonly weights: RingVector;
  /** Mean squared residual of each epoch, known to all, to three significant digits; null where it is not opened. */
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
 * not clipped (that would take a secure comparison of each row); and it has an L1 penalty, by proximal steps.
 *
 * A step takes two rounds: d and w are rounded under masks of the dealer, and what is opened for that is all that the products with X need.
 * Both may be rounded up, so that runs differ by a unit of 2^-42 or of a weight's 2^-48: some 2^-40 of a prediction after thousands of steps. A unit
 * of 2^-26 would show in predictions, so linear regression rounds d down exactly, and takes five rounds.
 *
 * No weight is opened. All parties learn that every weight stayed in its range after every step (see `Room`), the loss
 * of some epochs, each batch taken before its update, and that the last one is not above that of the untrained model.
 * Throws RanAway.
 */
export async function trainOnShares(
  session: GroupSession,
  data: TrainingRows,
  counts: ColumnCounts,
  schedule: Schedule,
  { weightBits, labelSize, losses: shown }: Room,
  watch: TrainingWatch = {},
): Promise<Trained> {
  const { index } = session;
  const { regType, epochs, batchSize } = schedule;
  const { values, rows: count } = data;
  const matrix = await SplitMatrix.mask(session, values, count, counts, watch.masked);
  const { dealt } = matrix;
  const features = featuresIn(counts);
  const facts = { bits: 2 * RESIDUAL_BITS[regType], rows: count, labelSize };
  const label = data.label && encode(data.label, lineBits(regType));
  let weights = zeros(features + 1);
  let masked = known(zeros(features));

  const remasked = async (vector: RingVector): Promise<Masked> =>
    (await openTogether(session, [masking(session, vector)]))[0]!;
  /** Own share of the residuals of rows from row `from` on, and how they are masked, if they are. */
  const residualsOf = async (rows: SplitRows, from: number): Promise<{ shares: RingVector; cut: Masked | null }> => {
    const scores = await rows.times(masked);
    addToEach(scores, shiftLeftInto(slice(weights, features, features + 1).slice(), FEATURE_BITS));
    if (regType === 'logistic' && index === 0) addToEach(scores, encode([0.5], lineBits(regType)));
    if (label) subtractInto(scores, slice(label, from, from + rows.count));
    const bits = residualCut(regType);
    if (regType === 'linear') {
      return { shares: await truncate(session, dealt, scores, [{ count: rows.count, bits }]), cut: null };
    }
    const [cut] = await openTogether(session, [await maskingCut(session, dealt, scores, bits)]);
    return { shares: plain(session, cut!), cut: cut! };
  };

  const losses: (number | null)[] = [];
  // One is the loss after the last update.
  const withLoss = stepsWithLoss(epochs, shown - 1);
  const toCheck = stepsToCheck(features + 1);
  const plan = batches(count, batchSize);
  let unchecked: RingVector[] = [];
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    const squares = zeros(1);
    for (const [number, [from, to]] of plan.entries()) {
      const rows = matrix.rows(from, to);
      const cells = rows.count * features;
      if (!canMultiply(masked.turned, cells)) masked = await remasked(slice(weights, 0, features));
      const { shares: residuals, cut } = await residualsOf(rows, from);
      const gradient = await rows.transposedTimes(
        cut && canMultiply(cut.turned, cells) ? cut : await remasked(residuals),
      );

      const step = stepOf(schedule, to - from);
      const sums = concat([gradient, shiftLeftInto(total(residuals), FEATURE_BITS)]);
      const moves = negateInto(timesWhole(sums, step.rate.mantissa));
      const before = slice(weights, 0, features);
      if (step.decay.mantissa > 0) {
        const decayed = timesWhole(before, step.decay.mantissa);
        subtractInto(slice(moves, 0, features), shiftLeftInto(decayed, step.cut - step.decay.bits));
      }
      const [moved, fresh, ofLoss] = await openTogether(session, [
        await maskingCut(session, dealt, moves, step.cut),
        masking(session, before),
        ...(withLoss.has(epoch) ? [masking(session, residuals)] : []),
      ]);
      weights = add(weights, plain(session, moved!));
      masked = sumOfMasked(fresh!, moved!);
      if (ofLoss) addInto(squares, await squaresOf(session, dealt, ofLoss));
      if (step.l1 > 0) {
        const kept = slice(weights, 0, features);
        kept.set(await softThreshold(session, dealt, kept, step.l1));
        masked = await remasked(kept);
      }

      unchecked.push(weights);
      const isLast = epoch + 1 === epochs || withLoss.has(epoch);
      if (toCheck(isLast && number + 1 === plan.length) > 0) {
        if (await anyBeyond(session, dealt, concat(unchecked), weightBits)) throw new RanAway();
        unchecked = [];
      }
      watch.batch?.((epoch + (number + 1) / plan.length) / (epochs + 1), epoch);
    }
    losses.push(withLoss.has(epoch) ? await openLoss(session, dealt, { ...facts, sum: squares }) : null);
  }

  masked = await remasked(slice(weights, 0, features));
  const sum = zeros(1);
  for (const [from, to] of batches(count, LOSS_ROWS)) {
    const { shares } = await residualsOf(matrix.rows(from, to), from);
    addInto(sum, await sumOfSquares(session, dealt, shares));
    watch.batch?.((epochs + to / count) / (epochs + 1), epochs - 1);
  }
  const most = data.label ? encode([mostSquares(data.label, regType, labelSize)], facts.bits) : zeros(1);
  if (await isNegative(session, dealt, subtract(most, sum))) throw new RanAway();
  const finalLoss = shown === 0 ? null : await openLoss(session, dealt, { ...facts, sum });
  return { weights, losses, finalLoss };
}

/** The dealer's side of {@link trainOnShares}: it learns the sizes and the schedule, and receives nothing. */
export async function dealTraining(
  parties: readonly DealtParty[],
  count: number,
  columns: ColumnCounts,
  schedule: Schedule,
  losses: number,
  onBatch: (fraction: number, epoch: number) => void = () => {},
): Promise<void> {
  const { regType, epochs, batchSize } = schedule;
  const line = new PieceSender(parties.at(-1)!.channel);
  const matrix = new SplitDealer(parties, line, columns);
  const features = featuresIn(columns);
  let masked = dealtKnown(parties, features);

  const residualsOf = async (rows: DealtRows): Promise<DealtMasked | null> => {
    await rows.times(masked);
    const bits = residualCut(regType);
    if (regType === 'logistic') return dealMaskingCut(parties, line, rows.count, bits);
    await dealTruncation(parties, line, [{ count: rows.count, bits }]);
    return null;
  };

  const withLoss = stepsWithLoss(epochs, losses - 1);
  const toCheck = stepsToCheck(features + 1);
  const plan = batches(count, batchSize);
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    for (const [number, [from, to]] of plan.entries()) {
      const rows = matrix.rows(from, to);
      const cells = rows.count * features;
      if (!canMultiply(masked.turned, cells)) masked = dealMasking(parties, features);
      const cut = await residualsOf(rows);
      await rows.transposedTimes(cut && canMultiply(cut.turned, cells) ? cut : dealMasking(parties, rows.count));
      const step = stepOf(schedule, to - from);
      const moved = await dealMaskingCut(parties, line, features + 1, step.cut);
      masked = dealtSum(dealMasking(parties, features), moved);
      if (withLoss.has(epoch)) await dealSumOfSquares(parties, line, rows.count);
      if (step.l1 > 0) {
        await dealSoftThreshold(parties, line, features);
        masked = dealMasking(parties, features);
      }
      const isLast = epoch + 1 === epochs || withLoss.has(epoch);
      const steps = toCheck(isLast && number + 1 === plan.length);
      if (steps > 0) await dealAnyBeyond(parties, line, steps * (features + 1));
      onBatch((epoch + (number + 1) / plan.length) / (epochs + 1), epoch);
    }
    if (withLoss.has(epoch)) await dealLoss(parties, line);
  }
  masked = dealMasking(parties, features);
  for (const [from, to] of batches(count, LOSS_ROWS)) {
    await residualsOf(matrix.rows(from, to));
    await dealSumOfSquares(parties, line, to - from);
  }
  await dealNegative(parties, line, 1);
  if (losses > 0) await dealLoss(parties, line);
  await line.flush();
}

/** The largest sum of squares of a model that is not wrong, with what fixed point makes of a perfect one. */
export function mostSquares(label: Float64Array, regType: RegType, labelSize: number): number {
  const start = regType === 'logistic' ? 0.5 : 0;
  return label.reduce((sum, y) => sum + WRONG * (start - y) ** 2, label.length * 1e-6 * 4 ** labelSize);
}
