import type { PieceReceiver, PieceSender } from './pieces.js';
import { addInto, encode, lengthOf, slice, subtractInto, zeros, type RingVector } from './ring.js';
import { dealSelect, select } from './select.js';
import type { DealtParty, GroupSession } from './session.js';
import { dealNegative, negative } from './shared-bits.js';
import { timesWhole } from './sharing.js';

/** Where the slope of a line of pieces changes, and by how much, a whole number. */
export interface Change {
  readonly knot: number;
  readonly slope: number;
}

/**
 * Own share of a line of pieces at each of the shared `values` of `bits` fraction bits: the sum over its knots of the change
 * of slope times max(value - knot, 0), as J. Liu, M. Juuti, Y. Lu, N. Asokan, "Oblivious Neural Network Predictions via
 * MiniONN Transformations", ACM CCS 2017, section 5.3.2, do with smooth functions. Exact, nothing is truncated; nine rounds.
 */
export async function spline(
  session: GroupSession,
  dealt: PieceReceiver,
  values: RingVector,
  bits: number,
  changes: readonly Change[],
): Promise<RingVector> {
  const count = lengthOf(values);
  const distances = zeros(count * changes.length);
  const of = (number: number): RingVector => slice(distances, number * count, (number + 1) * count);
  for (const [number, { knot }] of changes.entries()) {
    of(number).set(values);
    if (session.index === 0) subtractInto(of(number), encode(Array<number>(count).fill(knot), bits));
  }
  subtractInto(distances, await select(session, dealt, await negative(session, dealt, distances), distances));
  const sum = zeros(count);
  for (const [number, { slope }] of changes.entries()) {
    const part = timesWhole(of(number), Math.abs(slope));
    if (slope > 0) addInto(sum, part);
    else subtractInto(sum, part);
  }
  return sum;
}

/** The dealer's part of {@link spline}, for `count` elements and as many changes. `toLast` is its line to the last party. */
export async function dealSpline(
  parties: readonly DealtParty[],
  toLast: PieceSender,
  count: number,
  changes: number,
): Promise<void> {
  await dealNegative(parties, toLast, count * changes);
  await dealSelect(parties, toLast, count * changes);
}

/** Fraction bits of the slopes of {@link SIGMOID}: its values have as many more. */
export const SLOPE_BITS = 20;

/** Where the slope changes, in 1/1024, and by how much, in 2^-20: more at -knot, less at knot. */
const KNOTS = [
  [566, 30336],
  [992, 36575],
  [1380, 38015],
  [1770, 36177],
  [2185, 33572],
  [2653, 28736],
  [3211, 23301],
  [3932, 17160],
  [5003, 10382],
  [7241, 3190],
] as const;

/** The sigmoid as 21 pieces, off by at most 0.00094: fitted so that it is off by as much in every piece. */
export const SIGMOID: readonly Change[] = KNOTS.flatMap(([knot, slope]) => [
  { knot: -knot / 1024, slope },
  { knot: knot / 1024, slope: -slope },
]);
