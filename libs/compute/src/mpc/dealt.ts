import { nextBytes, sized, xor } from './bit-strings.js';
import type { PieceReceiver, PieceSender } from './pieces.js';
import { bytesOf, countOf, nextOf, vectorFrom, type Sums, type Vector } from './rings.js';
import type { DealtParty, GroupSession } from './session.js';

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

/** As {@link dealtVector}, of bytes that {@link dealBits} hands out. */
export async function dealtBits(
  { index, peers, masks }: GroupSession,
  dealt: PieceReceiver,
  length: number,
): Promise<Uint8Array> {
  return index < peers.length ? nextBytes(masks, length) : sized(await dealt.take(length), length);
}

/** Shares bytes of the dealer by exclusive or. */
export async function dealBits(parties: readonly DealtParty[], toLast: PieceSender, bytes: Uint8Array): Promise<void> {
  await toLast.put(parties.slice(0, -1).reduce((rest, { masks }) => xor(rest, nextBytes(masks, bytes.length)), bytes));
}

/** The exclusive or of the next `length` bytes of the masks of all parties. */
export const drawnBits = (parties: readonly DealtParty[], length: number): Uint8Array =>
  parties.map(({ masks }) => nextBytes(masks, length)).reduce(xor);

/** The sum of the next `count` elements of the masks of all parties. */
export const drawnSum = (parties: readonly DealtParty[], ring: Sums, count: number): Vector =>
  parties.map(({ masks }) => nextOf(masks, ring, count)).reduce((sum, mask) => ring.add(sum, mask));
