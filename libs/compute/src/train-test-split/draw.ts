import { violation } from '../contract/peer-message.js';
import { unpacked } from '../mpc/bit-strings.js';

/** One number a row, in the order of the table: 1 for a row to train on, 0 for one to test on. */
export type TrainFlags = Uint8Array;

/** How many of `rows` rows are to train on: the nearest to their share of them. */
export const trainRowsOf = (rows: number, share: number): number => Math.round(rows * share);

/**
 * How many rows of each class are to train on, by largest remainders (Hamilton): as many in all as of the rows without classes, and of
 * each class its share, up or down to a whole number. `classes` are the rows of each class.
 */
export function trainCounts(classes: readonly number[], share: number): number[] {
  const quotas = classes.map((rows) => rows * share);
  const counts = quotas.map(Math.floor);
  const left = trainRowsOf(sum(classes), share) - sum(counts);
  const byRemainder = quotas.map((quota, at) => ({ at, remainder: quota - counts[at]! }));
  byRemainder.sort((one, other) => other.remainder - one.remainder || one.at - other.at);
  for (const { at } of byRemainder.slice(0, left)) counts[at]! += 1;
  return counts;
}

/** Takes the first `counts[c]` rows of each class c in this order of all rows. `classes` has the class of each row. */
export function drawn(order: Uint32Array, classes: Uint8Array, counts: readonly number[]): TrainFlags {
  const left = [...counts];
  const flags = new Uint8Array(order.length);
  for (const row of order) {
    const of = classes[row]!;
    if (left[of] === 0) continue;
    left[of]! -= 1;
    flags[row] = 1;
  }
  return flags;
}

/**
 * Bits about a label that a draw opens for each class but one, whatever the label is: to others the numbers of rows of its classes in the
 * part are as if they were read, since the draw is uniform among all that have these. The number of a class in a part of so many rows
 * is hypergeometric; its most likely value, of a class of half the rows, has a probability of 1 / sqrt(2 pi variance), and a smaller class says less.
 */
export function bitsOfDraw(rows: number, share: number): number {
  const variance = (rows * share * (1 - share) * rows) / (4 * (rows - 1));
  return Math.ceil(Math.log2(1 + Math.sqrt(2 * Math.PI * variance)));
}

/** The flags of `rows` rows, of which `train` are to train on, out of a peer's message. Throws PROTOCOL_VIOLATION. */
export function flagsFrom(peer: string, bytes: Uint8Array, rows: number, train: number): TrainFlags {
  const flags = unpacked(bytes, rows);
  if (flags === undefined) throw violation(peer, 'a split of another number of rows');
  if (flags.reduce((set, flag) => set + flag, 0) !== train)
    throw violation(peer, 'a split with another share of rows to train on');
  return flags;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
