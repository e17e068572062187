import { exchange, type Channel } from '../mpc/channel.js';
import type { PieceReceiver } from '../mpc/pieces.js';
import {
  FEATURE_BITS,
  STATE_BITS,
  add,
  addInto,
  decode,
  encode,
  fromBytes,
  lengthOf,
  subtractInto,
  toBytes,
  total,
  zeros,
  type RingVector,
} from '../mpc/ring.js';
import { deal, type PartySession } from '../mpc/session.js';
import { reveal, scale, share, truncateInto } from '../mpc/sharing.js';
import { dealSoftThreshold, softThreshold } from '../mpc/soft-threshold.js';
import { VerticalDealer, VerticalMatrix } from '../mpc/vertical-matrix.js';
import { batches } from '../vertical/split-rows.js';
import type { TrainingRows } from '../vertical/vertical-rows.js';

type RegType = 'logistic' | 'linear';

/** The schedule of a training: public, the same for both parties and the dealer. */
export interface Schedule {
  readonly regType: RegType;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Weights of the penalties, 0 for none. */
  readonly l1: number;
  readonly l2: number;
}

/** What a party learns from training. */
export interface TrainedSlice {
  /** Weights of the own columns. */
  readonly weights: Float64Array;
  /** Null for the party without the label. */
  readonly intercept: number | null;
  /** Mean squared residual of each epoch, known to both. */
  readonly losses: readonly number[];
}

/** Receives the progress of a training. An error that it throws ends the training. */
export interface TrainingWatch {
  readonly masked?: (fraction: number) => void;
  readonly batch?: (fraction: number, epoch: number) => void;
  readonly epoch?: (loss: number) => void;
}

/** log2 of the divisor of the sigmoid's line, 0.5 + z/8. */
const SIGMOID_SHIFT = 3;

/** Fraction bits with which a residual is squared: room for labels up to 2^20 in linear regression. */
const SQUARE_BITS: Record<RegType, number> = { logistic: 36, linear: FEATURE_BITS };

/**
 * Mini-batch gradient descent on shares, one party's side. A batch of B rows does
 *
 *     p = 0.5 + (X w + b) / 8        (logistic; linear: X w + b)
 *     d = p - y                      (the label's party subtracts y from its own share)
 *     w -= rate / B * (X' d + l2 w)    b -= rate / B * sum(d)
 *     w moves towards 0 by rate / B * l1, and stops there
 *
 * This is the naive SGD of SecretFlow's ss_sgd with three differences: its last, shorter batch counts too; the line is
 * not clipped (that would take a secure comparison of each row); and it has an L1 penalty, by proximal steps. Both
 * parties learn the mean of d^2 over each epoch, each batch taken before its update. They learn nothing else before
 * their own slices.
 */
export async function trainSlice(
  session: PartySession,
  data: TrainingRows,
  schedule: Schedule,
  watch: TrainingWatch = {},
): Promise<TrainedSlice> {
  const { index } = session;
  const { values, columns, peerColumns } = data;
  const matrix = await VerticalMatrix.mask(session, values, data.rows, columns, peerColumns, watch.masked);
  const label = data.label && encode(data.label, STATE_BITS);
  let { own, peer, bias } = await shareZeros(session, data.columns, data.peerColumns);
  const losses: number[] = [];

  const plan = batches(data.rows, schedule.batchSize);
  for (let epoch = 0; epoch < schedule.epochs; epoch += 1) {
    const squares = zeros(1);
    for (const [number, [from, to]] of plan.entries()) {
      const rows = await matrix.rows(from, to);
      const residual = truncateInto(await rows.times(own, peer), index, FEATURE_BITS);
      for (let row = 0; row < rows.count; row += 1) addInto(residual.subarray(row * 4, row * 4 + 4), bias);
      if (schedule.regType === 'logistic') addHalf(truncateInto(residual, index, SIGMOID_SHIFT), index);
      if (label) subtractInto(residual, label.subarray(from * 4, to * 4));

      const coarse = truncateInto(residual.slice(), index, STATE_BITS - SQUARE_BITS[schedule.regType]);
      const gradient = await rows.transposedTimes(residual, coarse);
      addInto(squares, gradient.squares);
      const rate = schedule.learningRate / rows.count;
      own = descend(own, truncateInto(gradient.own, index, FEATURE_BITS), schedule.l2, rate, index);
      peer = descend(peer, truncateInto(gradient.peer, index, FEATURE_BITS), schedule.l2, rate, index);
      bias = descend(bias, total(residual), 0, rate, index);
      if (schedule.l1 > 0) ({ own, peer } = await shrink(session, matrix.dealt, own, peer, rate * schedule.l1));
      watch.batch?.((epoch + (number + 1) / plan.length) / schedule.epochs, epoch);
    }
    const sum = await reveal(session.peer, squares);
    const loss = decode(sum, 2 * SQUARE_BITS[schedule.regType])[0]! / data.rows;
    losses.push(loss);
    watch.epoch?.(loss);
  }
  return { ...(await takeSlice(session, own, peer, bias, label !== null)), losses };
}

/** Weights start at zero, as random shares that party 0 makes. */
async function shareZeros(
  { index, peer }: PartySession,
  columns: number,
  peerColumns: number,
): Promise<{ own: RingVector; peer: RingVector; bias: RingVector }> {
  const length = columns + peerColumns + 1;
  let shares: RingVector;
  if (index === 0) {
    const [kept, sent] = share(zeros(length));
    await peer.send(toBytes(sent));
    shares = kept;
  } else {
    shares = fromBytes(await peer.receive(), length);
  }
  const first = index === 0 ? columns : peerColumns;
  const blocks = [shares.slice(0, first * 4), shares.slice(first * 4, -4)] as const;
  return { own: blocks[index], peer: blocks[1 - index]!, bias: shares.slice(-4) };
}

function addHalf(own: RingVector, index: 0 | 1): RingVector {
  if (index === 1) return own;
  const half = encode([0.5], STATE_BITS);
  for (let at = 0; at < own.length; at += 4) addInto(own.subarray(at, at + 4), half);
  return own;
}

/** weights - rate * (gradient + l2 * weights). */
function descend(weights: RingVector, gradient: RingVector, l2: number, rate: number, index: 0 | 1): RingVector {
  const step = l2 === 0 ? gradient : add(gradient, scale(weights, index, l2));
  return subtractInto(weights, scale(step, index, rate));
}

/** Both slices moved towards 0 by `by`. */
async function shrink(
  session: PartySession,
  dealt: PieceReceiver,
  own: RingVector,
  peer: RingVector,
  by: number,
): Promise<{ own: RingVector; peer: RingVector }> {
  const [first, second] = session.index === 0 ? [own, peer] : [peer, own];
  const weights = zeros(lengthOf(own) + lengthOf(peer));
  weights.set(first);
  weights.set(second, first.length);
  const shrunk = await softThreshold(session, dealt, weights, by);
  const blocks = [shrunk.slice(0, first.length), shrunk.slice(first.length)] as const;
  return { own: blocks[session.index], peer: blocks[session.index === 0 ? 1 : 0] };
}

/**
 * Gives the peer the missing shares of its slice, and receives the own ones. The intercept goes to the label's party.
 */
async function takeSlice(
  session: PartySession,
  own: RingVector,
  peer: RingVector,
  bias: RingVector,
  hasLabel: boolean,
): Promise<{ weights: Float64Array; intercept: number | null }> {
  const sent = zeros(lengthOf(peer) + (hasLabel ? 0 : 1));
  sent.set(peer);
  if (!hasLabel) sent.set(bias, peer.length);
  const received = fromBytes(await exchange(session.peer, toBytes(sent)), lengthOf(own) + (hasLabel ? 1 : 0));
  return {
    weights: decode(add(own, received.subarray(0, own.length)), STATE_BITS),
    intercept: hasLabel ? decode(add(bias, received.subarray(own.length)), STATE_BITS)[0]! : null,
  };
}

/** The dealer's side of {@link trainSlice}: it learns the sizes and the schedule, and receives nothing. */
export async function dealTraining(
  channels: readonly [Channel, Channel],
  rows: number,
  columns: readonly [number, number],
  schedule: Pick<Schedule, 'epochs' | 'batchSize' | 'l1'>,
  onBatch: (fraction: number, epoch: number) => void = () => {},
): Promise<void> {
  const parties = await deal(channels);
  const matrix = new VerticalDealer(parties, columns);
  const plan = batches(rows, schedule.batchSize);
  for (let epoch = 0; epoch < schedule.epochs; epoch += 1) {
    for (const [number, [from, to]] of plan.entries()) {
      await matrix.deal(from, to);
      if (schedule.l1 > 0) await dealSoftThreshold(parties, matrix.lines[1], columns[0] + columns[1]);
      onBatch((epoch + (number + 1) / plan.length) / schedule.epochs, epoch);
    }
  }
  await matrix.end();
}
