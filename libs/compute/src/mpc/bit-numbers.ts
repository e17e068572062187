import { bitOf, nextBytes, xor } from './bit-strings.js';
import { dealShares, dealtVector, drawnBits } from './dealt.js';
import { openBits } from './opening.js';
import type { PieceReceiver, PieceSender } from './pieces.js';
import { constant, type Ring, type Vector } from './rings.js';
import type { DealtParty, GroupSession } from './session.js';
import { planeBytes } from './shared-bits.js';

/**
 * Own share of the first `count` shared bits as numbers 0 and 1, by bits that the dealer shares both ways (daBits: D. Rotaru,
 * T. Wood, "MArBled Circuits", INDOCRYPT 2019). One round.
 */
export async function numbersOf(
  session: GroupSession,
  dealt: PieceReceiver,
  ring: Ring,
  bits: Uint8Array,
  count: number,
): Promise<Vector> {
  const { index, masks } = session;
  const mask = nextBytes(masks, planeBytes(count));
  const random = await dealtVector(session, dealt, ring, count);
  const opened = await openBits(session, xor(bits.subarray(0, mask.length), mask));
  const flipped = ring.subtract(index === 0 ? constant(ring, count, 1) : new Uint32Array(random.length), random);
  return chosen(ring, count, (at) => (bitOf(opened, at) ? flipped : random));
}

/** The dealer's part of {@link numbersOf}. */
export async function dealNumbers(
  parties: readonly DealtParty[],
  toLast: PieceSender,
  ring: Ring,
  count: number,
): Promise<void> {
  const random = drawnBits(parties, planeBytes(count));
  const vector = new Uint32Array(count * ring.words);
  for (let at = 0; at < count; at += 1) vector[at * ring.words] = bitOf(random, at);
  await dealShares(parties, toLast, ring, vector);
}

/** Each element from the vector that is chosen for it. */
export function chosen(ring: Ring, count: number, from: (at: number) => Vector): Vector {
  const vector = new Uint32Array(count * ring.words);
  for (let at = 0; at < count; at += 1) {
    const source = from(at);
    for (let word = at * ring.words; word < (at + 1) * ring.words; word += 1) vector[word] = source[word]!;
  }
  return vector;
}
