import { PRODUCT_BITS } from '../mpc/cross-product.js';
import { PieceReceiver, PieceSender } from '../mpc/pieces.js';
import { addToEach, decode, encode, shiftLeftInto, subtractInto, type RingVector } from '../mpc/ring.js';
import { dealRoundDown, roundDown } from '../mpc/rounding.js';
import type { DealtParty, PartySession } from '../mpc/session.js';
import { reveal } from '../mpc/sharing.js';
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
  const rounded = await roundDown(session, new PieceReceiver(session.dealer), scaled, PRODUCT_BITS);
  return Array.from(decode(await reveal(session.peer, rounded), PRODUCT_BITS), (steps) => toThreeDigits(steps / STEPS));
}

/** The dealer's part of {@link openRounded}, for `count` correlations. */
export async function dealRounded(parties: readonly [DealtParty, DealtParty], count: number): Promise<void> {
  const toSecond = new PieceSender(parties[1].channel);
  await dealRoundDown(parties, toSecond, count);
  await toSecond.flush();
}
