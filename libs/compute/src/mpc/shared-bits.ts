import { dealBits, dealtBits, drawnBits, drawnSum } from './dealt.js';
import { and, joined, nextBytes, xor } from './bit-strings.js';
import { openBits, openSum } from './opening.js';
import type { PieceReceiver, PieceSender } from './pieces.js';
import { WORDS } from './ring.js';
import { Z128, Z32, nextOf } from './rings.js';
import type { DealtParty, GroupSession } from './session.js';

/**
 * Bits that parties share by exclusive or, and the sign of a number that they share by sum.
 *
 * x AND y of shared bits uses up a triple c = a AND b of the dealer, also shared (Beaver's triples, in bits):
 *
 *     all      open d = x ^ a and e = y ^ b
 *     party i  keeps (d & b_i) ^ (e & a_i) ^ c_i, party 0 also d & e
 *
 * A number z is opened as c = z + r mod 2^128, under a mask r whose bits the dealer shares. z = c - r is negative if its top bit is set:
 * the exclusive or of the top bits of c and r and of the borrow out of the bits below (I. Damgard, M. Fitzi, E. Kiltz, J. Nielsen, T. Toft,
 * "Unconditionally Secure Constant-Rounds Multi-party Computation for Equality, Comparison, Bits and Exponentiation", TCC 2006). A bit generates a
 * borrow if only r has it (g), and propagates one if both or neither do (p); as c is open, nothing is multiplied for that. A lower and a higher
 * run of bits combine into one run with
 *
 *     g = g_high ^ (p_high & g_low)        p = p_high & p_low
 *
 * so that 128 bits take seven ANDs, 32 bits five. Values have the words of an element of their ring, 1 or 4.
 */

/** Bytes of a plane: one bit of each of `elements` elements. */
export const planeBytes = (elements: number): number => Math.ceil(elements / 8);

/** Planes of all ANDs of one comparison: half as many as bits twice, a quarter twice, and so on. */
const andPlanes = (words: number): number => 64 * words - 2;

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
  session: GroupSession,
  dealt: PieceReceiver,
  values: Uint32Array,
  words: 1 | 4 = WORDS,
): Promise<Uint8Array> {
  const ring = words === 1 ? Z32 : Z128;
  const width = planeBytes(values.length / words);
  const sum = await openSum(session, ring, ring.add(values, nextOf(session.masks, ring, values.length / words)));
  const open = planesOf(sum, words, PLACES[words]);
  const mask = await dealtBits(session, dealt, open.length);
  const andShared = await triples(session, dealt, andPlanes(words) * width);
  const low = open.length - width;
  const zeros = open.subarray(0, low).map((byte) => ~byte);
  const equal = session.index === 0 ? xor(mask.subarray(0, low), zeros) : mask.subarray(0, low);
  let borrow: Uint8Array = and(mask.subarray(0, low), zeros);
  let pass: Uint8Array = equal;
  while (borrow.length > width) {
    const half = borrow.length / 2;
    const high = pass.subarray(half);
    const both = await andShared(joined(high, high), joined(borrow.subarray(0, half), pass.subarray(0, half)));
    borrow = xor(borrow.subarray(half), both.subarray(0, half));
    pass = both.subarray(half);
  }
  const top = xor(mask.subarray(low), borrow);
  return session.index === 0 ? xor(top, open.subarray(low)) : top;
}

/** The dealer's part of {@link negative}, for `elements` elements. */
export async function dealNegative(
  parties: readonly DealtParty[],
  toLast: PieceSender,
  elements: number,
  words: 1 | 4 = WORDS,
): Promise<void> {
  const mask = drawnSum(parties, words === 1 ? Z32 : Z128, elements);
  await dealBits(parties, toLast, planesOf(mask, words, PLACES[words]));
  await dealTriples(parties, toLast, andPlanes(words) * planeBytes(elements));
}

/** Whether any of the shared bits is 1, opened to all. None learns which. A round for each halving of the bytes, and four. */
export async function anySet(session: GroupSession, dealt: PieceReceiver, bits: Uint8Array): Promise<boolean> {
  const halves = halvings(bits.length);
  const andShared = await triples(
    session,
    dealt,
    halves.reduce((sum, half) => sum + half, FOLDS.length),
  );
  const or = async (x: Uint8Array, y: Uint8Array): Promise<Uint8Array> => xor(xor(x, y), await andShared(x, y));
  let left = bits;
  for (const half of halves) {
    const rest = new Uint8Array(half);
    rest.set(left.subarray(half));
    left = await or(left.subarray(0, half), rest);
  }
  for (const fold of FOLDS) left = await or(left, Uint8Array.of(left[0]! >>> fold));
  return ((await openBits(session, Uint8Array.of(left[0]! & 1)))[0]! & 1) === 1;
}

/** The dealer's part of {@link anySet}, for `length` bytes of bits. */
export async function dealAnySet(parties: readonly DealtParty[], toLast: PieceSender, length: number): Promise<void> {
  await dealTriples(
    parties,
    toLast,
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
async function dealTriples(parties: readonly DealtParty[], toLast: PieceSender, length: number): Promise<void> {
  const [a, b] = [drawnBits(parties, length), drawnBits(parties, length)];
  await dealBits(parties, toLast, and(a, b));
}

/** An AND of shared bits that uses up `length` bytes of triples. */
async function triples(
  session: GroupSession,
  dealt: PieceReceiver,
  length: number,
): Promise<(x: Uint8Array, y: Uint8Array) => Promise<Uint8Array>> {
  const a = nextBytes(session.masks, length);
  const b = nextBytes(session.masks, length);
  const c = await dealtBits(session, dealt, length);
  let used = 0;
  return async (x, y) => {
    const from = used;
    used += x.length;
    const [ownA, ownB] = [a.subarray(from, used), b.subarray(from, used)];
    const opened = await openBits(session, joined(xor(x, ownA), xor(y, ownB)));
    const [d, e] = [opened.subarray(0, x.length), opened.subarray(x.length)];
    const ofD = and(d, session.index === 0 ? xor(ownB, e) : ownB);
    return xor(xor(ofD, and(e, ownA)), c.subarray(from, used));
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
