import { chosen } from './bit-numbers.js';
import { dealShares, dealtVector, drawnSum } from './dealt.js';
import type { DealtMasked, Masked, Masking } from './masked.js';
import type { PieceReceiver, PieceSender } from './pieces.js';
import {
  WORDS,
  addInto,
  addToEach,
  lengthOf,
  negateInto,
  shiftLeftInto,
  shiftRightInto,
  subtractInto,
  zeros,
  type RingVector,
} from './ring.js';
import { Z128, powers } from './rings.js';
import type { DealtParty, GroupSession } from './session.js';

/**
 * Masks each shared element divided by 2^bits and rounded down or up, up with the probability that is the fraction that the
 * number loses: so the mean is exact, and runs differ by one unit at most. Numbers must lie within +-2^126; then it never errs by more. `bits` is 1 to 96.
 *
 * D. Escudero, S. Ghosh, M. Keller, R. Rachuri, P. Scholl, "Improved Primitives for MPC over Mixed Arithmetic-Binary
 * Circuits", CRYPTO 2020, section 5.1, without the carry of the bits that are lost. The dealer hands out shares of a random r, of
 * its top bit m, and of p = 2^(127-bits) m - ((r mod 2^127) >> bits):
 *
 *     all open c = x + 2^126 + r, and with c' = (c mod 2^127) >> bits
 *     x >> bits = c' - 2^(126-bits) + p                     where c's top bit is 0
 *               = c' + 2^(126-bits) + p - 2^(128-bits) m    where it is 1
 *
 * So the result is masked again: c' and the powers of two are open, the rest is known to the dealer but for c.
 */
export async function maskingCut(
  session: GroupSession,
  dealt: PieceReceiver,
  vector: RingVector,
  bits: number,
): Promise<Masking> {
  const count = lengthOf(vector);
  const sent = addInto(session.masks.next(count), vector);
  const shares = await dealtVector(session, dealt, Z128, count);
  const tops = shiftLeftInto(await dealtVector(session, dealt, Z128, count), 128 - bits);
  if (session.index === 0) addToEach(sent, powers(Z128, 1, 126));
  const opened = (sum: RingVector): Masked => {
    const at = topsOf(sum);
    const half = powers(Z128, count, 126 - bits);
    const minusHalf = negateInto(half.slice());
    const open = addInto(
      lowerOf(sum, bits),
      chosen(Z128, count, (element) => (at[element] === 1 ? half : minusHalf)),
    );
    const none = zeros(count);
    const own = subtractInto(
      shares,
      chosen(Z128, count, (element) => (at[element] === 1 ? tops : none)),
    );
    return { open, own, turned: { bits, at } };
  };
  return { sent, opened };
}

/** The dealer's part of {@link maskingCut}, for `count` elements. */
export async function dealMaskingCut(
  parties: readonly DealtParty[],
  toLast: PieceSender,
  count: number,
  bits: number,
): Promise<DealtMasked> {
  const mask = drawnSum(parties, Z128, count);
  const isTop = topsOf(mask);
  const [one, sign, none] = [powers(Z128, count, 0), powers(Z128, count, 127 - bits), zeros(count)];
  const tops = chosen(Z128, count, (element) => (isTop[element] === 1 ? one : none));
  const signs = chosen(Z128, count, (element) => (isTop[element] === 1 ? sign : none));
  const shares = await dealShares(parties, toLast, Z128, subtractInto(signs, lowerOf(mask, bits)));
  return { shares, turned: { bits, shares: await dealShares(parties, toLast, Z128, tops) } };
}

/** The top bit of each element. */
const topsOf = (vector: RingVector): Uint8Array =>
  Uint8Array.from({ length: lengthOf(vector) }, (_, element) => vector[element * WORDS + WORDS - 1]! >>> 31);

/** The elements without their top bit, divided by 2^bits and rounded down. */
function lowerOf(vector: RingVector, bits: number): RingVector {
  const lower = vector.slice();
  for (let top = WORDS - 1; top < lower.length; top += WORDS) lower[top]! &= 0x7fff_ffff;
  return shiftRightInto(lower, bits);
}
