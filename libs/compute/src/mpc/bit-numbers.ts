import { bitOf, nextBytes, sized, xor } from './bit-strings.js';
import { exchange } from './channel.js';
import type { PieceReceiver, PieceSender } from './pieces.js';
import { bytesOf, constant, countOf, nextOf, vectorFrom, type Ring, type Sums, type Vector } from './rings.js';
import type { DealtParty, GroupSession, PartySession } from './session.js';
import { planeBytes } from './shared-bits.js';

/** Own share of what {@link dealShares} hands out: uniform elements, for the last party what the dealer sends. */
export async function dealtVector(
  { index, peers, masks }: GroupSession,
  dealt: PieceReceiver,
  ring: Sums,
  count: number,
): Promise<Vector> {
  if (index < peers.length) return nextOf(masks, ring, count);
  const words = ring.words * count;
  return vectorFrom(await dealt.take(4 * words), words);
}

/** Shares a vector of the dealer, whose line to the last party is `toLast`. Returns all shares. */
export async function dealShares(
  parties: readonly DealtParty[],
  toLast: PieceSender,
  ring: Sums,
  vector: Vector,
): Promise<Vector[]> {
  const drawn = parties.slice(0, -1).map(({ masks }) => nextOf(masks, ring, countOf(ring, vector)));
  const last = drawn.reduce((rest, share) => ring.subtract(rest, share), vector);
  await toLast.put(bytesOf(last));
  return [...drawn, last];
}

/**
 * Own share of the first `count` shared bits as numbers 0 and 1, by bits that the dealer shares both ways (daBits: D. Rotaru,
 * T. Wood, "MArBled Circuits", INDOCRYPT 2019). One round.
 */
export async function numbersOf(
  session: PartySession,
  dealt: PieceReceiver,
  ring: Ring,
  bits: Uint8Array,
  count: number,
): Promise<Vector> {
  const { index, masks, peer } = session;
  const mask = nextBytes(masks, planeBytes(count));
  const random = await dealtVector(session, dealt, ring, count);
  const sent = xor(bits.subarray(0, mask.length), mask);
  const opened = xor(sent, sized(await exchange(peer, sent), sent.length));
  const flipped = ring.subtract(index === 0 ? constant(ring, count, 1) : new Uint32Array(random.length), random);
  return chosen(ring, count, (at) => (bitOf(opened, at) ? flipped : random));
}

/** The dealer's part of {@link numbersOf}. */
export async function dealNumbers(
  parties: readonly [DealtParty, DealtParty],
  toSecond: PieceSender,
  ring: Ring,
  count: number,
): Promise<void> {
  const [first, second] = parties;
  const random = xor(nextBytes(first.masks, planeBytes(count)), nextBytes(second.masks, planeBytes(count)));
  const vector = new Uint32Array(count * ring.words);
  for (let at = 0; at < count; at += 1) vector[at * ring.words] = bitOf(random, at);
  await dealShares(parties, toSecond, ring, vector);
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
