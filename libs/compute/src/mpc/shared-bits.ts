import { nextBytes, sized, xor } from './bit-strings.js';
import { exchange } from './channel.js';
import type { PieceReceiver, PieceSender } from './pieces.js';
import { ELEMENT_BYTES, WORDS, lengthOf, type RingVector } from './ring.js';
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
 * so that 128 bits take one AND for the first g, and seven more.
 */
const BITS = 8 * ELEMENT_BYTES;

/** Bytes of a plane: one bit of each of `elements` elements. */
export const planeBytes = (elements: number): number => Math.ceil(elements / 8);

/** Planes of all ANDs of one comparison: 128, then 64 runs twice, 32 runs twice, and so on. */
const AND_PLANES = BITS + 2 * (BITS - 1);

/** The plane of bit i: its binary digits reversed, so that the halves of the planes are the even and the odd bits. */
const PLACES = Uint8Array.from({ length: BITS }, (_, bit) => {
  let place = 0;
  for (let digit = 1; digit < BITS; digit *= 2) place = place * 2 + (bit & digit ? 1 : 0);
  return place;
});

/** Own shares of the sign bits of the shared `values`: 1 for a negative element. Eight rounds. */
export async function negative(session: PartySession, dealt: PieceReceiver, values: RingVector): Promise<Uint8Array> {
  const width = planeBytes(lengthOf(values));
  const and = await triples(session, dealt, AND_PLANES * width);
  const { low, top } = planesOf(values, width);
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
  [first, second]: readonly [DealtParty, DealtParty],
  toSecond: PieceSender,
  elements: number,
): Promise<void> {
  const length = AND_PLANES * planeBytes(elements);
  const [a0, b0, c0] = [nextBytes(first.masks, length), nextBytes(first.masks, length), nextBytes(first.masks, length)];
  const [a1, b1] = [nextBytes(second.masks, length), nextBytes(second.masks, length)];
  await toSecond.put(c0.map((byte, at) => byte ^ ((a0[at]! ^ a1[at]!) & (b0[at]! ^ b1[at]!))));
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
    return x.map((_, at) => {
      const [d, e] = [opened[at]!, opened[x.length + at]!];
      return (d & b[from + at]!) ^ (e & a[from + at]!) ^ c[from + at]! ^ (index === 0 ? d & e : 0);
    });
  };
}

/**
 * The bits of the elements by plane: the top bits, and those below, where bit i is plane i + 1, above a plane of zeros.
 */
function planesOf(values: RingVector, width: number): { low: Uint8Array; top: Uint8Array } {
  const low = new Uint8Array(BITS * width);
  const top = new Uint8Array(width);
  for (let element = 0; element < lengthOf(values); element += 1) {
    const at = element >>> 3;
    const mark = 1 << (element & 7);
    for (let bit = 0; bit < BITS - 1; bit += 1) {
      if ((values[element * WORDS + (bit >>> 5)]! >>> (bit & 31)) & 1) low[PLACES[bit + 1]! * width + at]! |= mark;
    }
    if (values[element * WORDS + WORDS - 1]! >>> 31) top[at]! |= mark;
  }
  return { low, top };
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}
