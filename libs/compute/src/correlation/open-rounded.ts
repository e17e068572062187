import { PRODUCT_BITS } from '../mpc/cross-product.js';
import { PieceReceiver, PieceSender } from '../mpc/pieces.js';
import { addToEach, decode, encode, lengthOf, shiftLeftInto, subtractInto, type RingVector } from '../mpc/ring.js';
import type { DealtParty, PartySession } from '../mpc/session.js';
import { reveal } from '../mpc/sharing.js';
import { dealTruncation, truncate } from '../mpc/truncation.js';
import { STEPS, toThreeDigits } from './matrix.js';

/**
 * Opens shared correlations (of `PRODUCT_BITS`) to both parties, rounded to `1 / STEPS`. They are rounded on shares, exactly: neither party
 * sees a further digit, and a repeated run opens the same.
 */
export async function openRounded(session: PartySession, correlations: RingVector): Promise<number[]> {
  // 1000 = 1024 - 16 - 8.
  const scaled = shiftLeftInto(correlations.slice(), 10);
  subtractInto(scaled, shiftLeftInto(correlations.slice(), 4));
  subtractInto(scaled, shiftLeftInto(correlations.slice(), 3));
  if (session.index === 0) addToEach(scaled, encode([0.5], PRODUCT_BITS));
  const cuts = [{ count: lengthOf(scaled), bits: PRODUCT_BITS }];
  const rounded = await truncate(session, new PieceReceiver(session.dealer), scaled, cuts);
  return Array.from(decode(await reveal(session.peer, rounded), 0), (steps) => toThreeDigits(steps / STEPS));
}

/** The dealer's part of {@link openRounded}, for `count` correlations. */
export async function dealRounded(parties: readonly [DealtParty, DealtParty], count: number): Promise<void> {
  const toSecond = new PieceSender(parties[1].channel);
  await dealTruncation(parties, toSecond, [{ count, bits: PRODUCT_BITS }]);
  await toSecond.flush();
}
