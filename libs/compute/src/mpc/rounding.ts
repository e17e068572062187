import type { PieceReceiver, PieceSender } from './pieces.js';
import { WORDS, addInto, lengthOf, shiftLeftInto, shiftRightInto, zeros, type RingVector } from './ring.js';
import { dealSelect, select } from './select.js';
import type { DealtParty, PartySession } from './session.js';
import { dealNegative, negative } from './shared-bits.js';

/**
 * Own share of each element rounded down to a multiple of 2^bits (1 to 96 bits), exactly: equal numbers round alike in
 * every run. Nine rounds.
 *
 * Both parties cut the low bits off their shares; one unit is missing where the low bits carry. The carry is compared out,
 * as in the exact truncation of D. Rathee et al., "CrypTFlow2", ACM CCS 2020, section 4.2: it is the sign of the sum of
 * both low parts, moved up to just below the top bit.
 */
export async function roundDown(
  session: PartySession,
  dealt: PieceReceiver,
  values: RingVector,
  bits: number,
): Promise<RingVector> {
  const count = lengthOf(values);
  const low = shiftRightInto(shiftLeftInto(values.slice(), 128 - bits), 1);
  const carries = await negative(session, dealt, low);
  const units = zeros(count);
  if (session.index === 0) {
    for (let at = bits >>> 5; at < units.length; at += WORDS) units[at] = 2 ** (bits & 31);
  }
  const high = shiftLeftInto(shiftRightInto(values.slice(), bits), bits);
  return addInto(high, await select(session, dealt, carries, units));
}

/** The dealer's part of {@link roundDown}, for `count` elements. `toSecond` is its line to the second party. */
export async function dealRoundDown(
  parties: readonly [DealtParty, DealtParty],
  toSecond: PieceSender,
  count: number,
): Promise<void> {
  await dealNegative(parties, toSecond, count);
  await dealSelect(parties, toSecond, count);
}
