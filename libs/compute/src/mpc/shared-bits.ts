import { joined, nextBytes, sized, xor } from './bit-strings.js';
import { exchange } from './channel.js';
import type { PieceReceiver, PieceSender } from './pieces.js';
import { WORDS } from './ring.js';
import type { DealtParty, PartySession } from './session.js';

/**
 * Bits that two parties share by exclusive or, and the sign of a number that they share by sum.
 *
 * x AND y of shared bits uses up a triple c = a AND b of the dealer, also shared (Beaver's triples, in bits):
 *
 *     both     open d = x ^ a and e = y ^ b
 *     party i  keeps (d & b_i) ^ (e & a_i) ^ c_i, party 0 also d & e
 *
 * z = z_0 + z_1 mod 2^128 is negative if its top bit is set. That bit is the exclusive or of the top bits of both
 * shares and of the carry out of the bits below. A bit generates a carry if both shares have it (g), and propagates one
 * if one share has it (p). A lower and a higher run of bits combine into one run with
 *
 *     g = g_high ^ (p_high & g_low)        p = p_high & p_low
 *
 * so that 128 bits take one AND for the first g, and seven more; 32 bits five more. Values have the words of an element of
 * their ring, 1 or 4.
 */

/** Bytes of a plane: one bit of each of `elements` elements. */
export const planeBytes = (elements: number): number => Math.ceil(elements / 8);

/** Planes of all ANDs of one comparison: as many as bits, then half of them twice, a quarter twice, and so on. */
const andPlanes = (words: number): number => 96 * words - 2;

/**
 * The plane of bit i: the binary digits of i + 1 reversed, so that the halves of the planes are the even and the odd ones;
 * the top bit comes last.
 */
const placesOf = (bits: number): Uint8Array =>
  Uint8Array.from({ length: bits }, (_, bit) => {
    if (bit === bits - 1) return bits;
    let place = 0;
    for (let digit = 1; digit < bits; digit *= 2) place = place * 2 + ((bit + 1) & digit ? 1 : 0);
    return place;
  });
const PLACES = { 1: placesOf(32), 4: placesOf(128) } as const;

/** Own shares of the sign bits of the shared `values`: 1 for a negative element. Eight rounds, or six for one word. */
export async function negative(
  session: PartySession,
  dealt: PieceReceiver,
  values: Uint32Array,
  words: 1 | 4 = WORDS,
): Promise<Uint8Array> {
  const width = planeBytes(values.length / words);
  const and = await triples(session, dealt, andPlanes(words) * width);
  const planes = planesOf(values, words, PLACES[words]);
  const [low, top] = [planes.subarray(0, -width), planes.subarray(-width)];
  const none = new Uint8Array(low.length);
  let pass = low;
  let carry = await (session.index === 0 ? and(low, none) : and(none, low));
  while (carry.length > width) {
    const half = carry.length / 2;
    const high = pass.subarray(half);
    const both = await and(joined(high, high), joined(carry.subarray(0, half), pass.subarray(0, half)));
    carry = xor(carry.subarray(half), both.subarray(0, half));
    pass = both.subarray(half);
  }
  return xor(top, carry);
}

/** The dealer's part of {@link negative}, for `elements` elements. */
export async function dealNegative(
  parties: readonly [DealtParty, DealtParty],
  toSecond: PieceSender,
  elements: number,
  words: 1 | 4 = WORDS,
): Promise<void> {
  await dealTriples(parties, toSecond, andPlanes(words) * planeBytes(elements));
}

/** Whether any of the shared bits is 1, opened to both. Neither learns which. A round for each halving of the bytes, and four. */
export async function anySet(session: PartySession, dealt: PieceReceiver, bits: Uint8Array): Promise<boolean> {
  const halves = halvings(bits.length);
  const and = await triples(
    session,
    dealt,
    halves.reduce((sum, half) => sum + half, FOLDS.length),
  );
  const or = async (x: Uint8Array, y: Uint8Array): Promise<Uint8Array> => xor(xor(x, y), await and(x, y));
  let left = bits;
  for (const half of halves) {
    const rest = new Uint8Array(half);
    rest.set(left.subarray(half));
    left = await or(left.subarray(0, half), rest);
  }
  for (const fold of FOLDS) left = await or(left, Uint8Array.of(left[0]! >>> fold));
  const own = Uint8Array.of(left[0]! & 1);
  return ((own[0]! ^ sized(await exchange(session.peer, own), 1)[0]!) & 1) === 1;
}

/** The dealer's part of {@link anySet}, for `length` bytes of bits. */
export async function dealAnySet(
  parties: readonly [DealtParty, DealtParty],
  toSecond: PieceSender,
  length: number,
): Promise<void> {
  await dealTriples(
    parties,
    toSecond,
    halvings(length).reduce((sum, half) => sum + half, FOLDS.length),
  );
}

/** Bits by which a byte is shifted over itself, until its last bit is the OR of all. */
const FOLDS = [4, 2, 1];

/** Lengths of the first half, until one byte is left. */
function halvings(length: number): number[] {
  const halves: number[] = [];
  for (let left = length; left > 1; left = halves.at(-1)!) halves.push(Math.ceil(left / 2));
  return halves;
}

/** Deals shares of `length` bytes of triples. */
async function dealTriples(
  [first, second]: readonly [DealtParty, DealtParty],
  toSecond: PieceSender,
  length: number,
): Promise<void> {
  const [a0, b0, c0] = [nextBytes(first.masks, length), nextBytes(first.masks, length), nextBytes(first.masks, length)];
  const [a1, b1] = [nextBytes(second.masks, length), nextBytes(second.masks, length)];
  for (let at = 0; at < length; at += 1) c0[at]! ^= (a0[at]! ^ a1[at]!) & (b0[at]! ^ b1[at]!);
  await toSecond.put(c0);
}

/** An AND of shared bits that uses up `length` bytes of triples. */
async function triples(
  { index, peer, masks }: PartySession,
  dealt: PieceReceiver,
  length: number,
): Promise<(x: Uint8Array, y: Uint8Array) => Promise<Uint8Array>> {
  const a = nextBytes(masks, length);
  const b = nextBytes(masks, length);
  const c = index === 0 ? nextBytes(masks, length) : await dealt.take(length);
  let used = 0;
  return async (x, y) => {
    const from = used;
    used += x.length;
    const sent = joined(xor(x, a.subarray(from, used)), xor(y, b.subarray(from, used)));
    const opened = xor(sent, sized(await exchange(peer, sent), sent.length));
    const both = new Uint8Array(x.length);
    for (let at = 0; at < both.length; at += 1) {
      const [d, e] = [opened[at]!, opened[both.length + at]!];
      both[at] = (d & b[from + at]!) ^ (e & a[from + at]!) ^ c[from + at]! ^ (index === 0 ? d & e : 0);
    }
    return both;
  };
}

/**
 * The lowest bits of the elements, as many as there are `places`: bit i in the plane that `places` says. Eight bytes of eight
 * elements are turned over at a time (H. Warren, "Hacker's Delight", section 7-3).
 */
function planesOf(values: Uint32Array, words: 1 | 4, places: Uint8Array): Uint8Array {
  const width = planeBytes(values.length / words);
  const bytes = 4 * words;
  const planes = new Uint8Array((Math.max(...places) + 1) * width);
  const padded = new Uint8Array(width * 8 * bytes);
  padded.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  for (let at = 0; at < width; at += 1) {
    for (let byte = 0; byte < places.length / 8; byte += 1) {
      const from = at * 8 * bytes + byte;
      const of = (element: number): number => padded[from + element * bytes]!;
      let x = of(0) | (of(1) << 8) | (of(2) << 16) | (of(3) << 24);
      let y = of(4) | (of(5) << 8) | (of(6) << 16) | (of(7) << 24);
      let swapped = (x ^ (x >>> 7)) & 0x00aa_00aa;
      x ^= swapped ^ (swapped << 7);
      swapped = (y ^ (y >>> 7)) & 0x00aa_00aa;
      y ^= swapped ^ (swapped << 7);
      swapped = (x ^ (x >>> 14)) & 0x0000_cccc;
      x ^= swapped ^ (swapped << 14);
      swapped = (y ^ (y >>> 14)) & 0x0000_cccc;
      y ^= swapped ^ (swapped << 14);
      swapped = (x ^ (y << 4)) & 0xf0f0_f0f0;
      x ^= swapped;
      y ^= swapped >>> 4;
      for (let bit = 0; bit < 8; bit += 1) {
        planes[places[byte * 8 + bit]! * width + at] = (bit < 4 ? x : y) >>> (8 * (bit & 3));
      }
    }
  }
  return planes;
}
