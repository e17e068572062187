import { bitOf } from '../mpc/bit-strings.js';
import { openBits } from '../mpc/opening.js';
import type { PieceReceiver, PieceSender } from '../mpc/pieces.js';
import { encode, slice, subtractInto, zeros, type RingVector } from '../mpc/ring.js';
import type { DealtParty, GroupSession } from '../mpc/session.js';
import { dealNegative, negative } from '../mpc/shared-bits.js';

/** Training rows for each loss that is opened. One reveals at most 12.2 bits, so all of them a fifth of a bit for each row. */
export const ROWS_PER_LOSS = 64;

const DECADES = 5;
const IN_DECADE = 900;
const STEPS = DECADES * IN_DECADE;

/** The losses that can be distinguished, ascending: three significant digits in five decades, the last that of labels of 2^labelSize. */
export function lossSteps(labelSize: number): number[] {
  const first = Math.floor(Math.log10(4 ** labelSize)) - DECADES - 1;
  return Array.from({ length: STEPS }, (_, at) =>
    Number(`${100 + (at % IN_DECADE)}e${first + Math.floor(at / IN_DECADE)}`),
  );
}

/** The most losses that a training opens, the one after the last update among them. */
export const mostLosses = (epochs: number, rows: number): number =>
  Math.min(epochs + 1, Math.floor(rows / ROWS_PER_LOSS));

/** What {@link openLoss} compares. */
interface SummedSquares {
  readonly sum: RingVector;
  readonly bits: number;
  readonly rows: number;
  readonly labelSize: number;
}

/**
 * The mean of `rows` squares whose sum (of `bits` fraction bits) is shared, rounded down to three significant digits, for all
 * parties: the sum is compared with every such number on shares, and only these bits are opened. Nine rounds.
 */
export async function openLoss(
  session: GroupSession,
  dealt: PieceReceiver,
  { sum, bits, rows, labelSize }: SummedSquares,
): Promise<number> {
  const steps = lossSteps(labelSize);
  const compared = zeros(STEPS);
  for (let at = 0; at < STEPS; at += 1) slice(compared, at, at + 1).set(sum);
  if (session.index === 0) {
    subtractInto(
      compared,
      encode(
        steps.map((step) => step * rows),
        bits,
      ),
    );
  }
  const below = await openBits(session, await negative(session, dealt, compared));
  const reached = steps.filter((_, at) => bitOf(below, at) === 0);
  return reached.at(-1) ?? 0;
}

/** The dealer's part of {@link openLoss}. */
export const dealLoss = (parties: readonly DealtParty[], toLast: PieceSender): Promise<void> =>
  dealNegative(parties, toLast, STEPS);

/** Whether a shared number is negative, for all parties. */
export async function isNegative(session: GroupSession, dealt: PieceReceiver, value: RingVector): Promise<boolean> {
  return bitOf(await openBits(session, await negative(session, dealt, value)), 0) === 1;
}
