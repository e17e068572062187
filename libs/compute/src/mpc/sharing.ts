import { exchange, type Channel } from './channel.js';
import { multiply } from './limbs.js';
import { randomVector } from './random.js';
import { WORDS, add, fromBytes, lengthOf, subtract, toBytes, zeros, type RingVector } from './ring.js';

/** Which of the two shares a party holds. The shares of a value sum to it mod 2^128. */
export type ShareIndex = 0 | 1;

/** Bits of the mantissa of a {@link Factor}. */
const MANTISSA_BITS = 26;

/** Two shares of `secret`. Each alone is uniform and reveals nothing. */
export function share(secret: RingVector): [RingVector, RingVector] {
  const first = randomVector(lengthOf(secret));
  return [first, subtract(secret, first)];
}

/** Opens a shared value to both parties. */
export async function reveal(peer: Channel, own: RingVector): Promise<RingVector> {
  return add(own, fromBytes(await exchange(peer, toBytes(own)), lengthOf(own)));
}

/** A public factor above 0 as a whole mantissa of 26 bits, times 2^-bits. Factors below 2^-122 count as 0. */
export interface Factor {
  readonly mantissa: number;
  readonly bits: number;
}

/** `most` is the largest number of bits that it may have: a factor below 2^(25-most) has a shorter mantissa. */
export function factorOf(value: number, most = 96): Factor {
  const bits = value > 0 ? MANTISSA_BITS - 1 - Math.floor(Math.log2(value)) : 1;
  const kept = Math.min(Math.max(bits, 1), most);
  return { mantissa: Math.round(value * 2 ** kept), bits: kept };
}

/** The vector times a public whole number below 2^53. */
export function timesWhole(own: RingVector, factor: number): RingVector {
  const factors = zeros(lengthOf(own));
  for (let at = 0; at < factors.length; at += WORDS) {
    factors[at] = factor;
    factors[at + 1] = Math.floor(factor / 2 ** 32);
  }
  return multiply(own, factors);
}
