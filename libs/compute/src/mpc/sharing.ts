import { exchange, type Channel } from './channel.js';
import { multiply } from './limbs.js';
import { randomVector } from './random.js';
import {
  WORDS,
  add,
  fromBytes,
  lengthOf,
  negateInto,
  shiftRightInto,
  subtract,
  toBytes,
  zeros,
  type RingVector,
} from './ring.js';

/** Which of the two shares a party holds. The shares of a value sum to it mod 2^128. */
export type ShareIndex = 0 | 1;

/** Bits of the mantissa of a public factor in {@link scale}. */
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

/**
 * Drops `bits` fraction bits of a shared vector, each party on its own share (P. Mohassel, Y. Zhang, "SecureML", IEEE
 * S&P 2017, section 4.1): share 0 is shifted, share 1 is negated, shifted and negated. The shared value is then off by
 * at most one in its last place, except with probability 2^(k+1-128) for a value of k bits.
 */
export function truncateInto(own: RingVector, index: ShareIndex, bits: number): RingVector {
  if (index === 0) return shiftRightInto(own, bits);
  return negateInto(shiftRightInto(negateInto(own), bits));
}

/** A shared vector times a public number, with a relative error of about 2^-26. Factors below 2^-70 give zero. */
export function scale(own: RingVector, index: ShareIndex, factor: number): RingVector {
  // |factor| = mantissa * 2^-bits, with a whole mantissa of 26 bits.
  const bits = MANTISSA_BITS - 1 - Math.floor(Math.log2(Math.abs(factor)));
  if (factor === 0 || bits > 96) return zeros(lengthOf(own));
  const mantissa = Math.round(Math.abs(factor) * 2 ** Math.max(bits, 0));
  const factors = zeros(lengthOf(own));
  for (let at = 0; at < factors.length; at += WORDS) {
    factors[at] = mantissa;
    factors[at + 1] = Math.floor(mantissa / 2 ** 32);
  }
  const product = multiply(own, factors);
  if (factor < 0) negateInto(product);
  return bits > 0 ? truncateInto(product, index, bits) : product;
}

/** A public factor above 0 as a whole mantissa of 26 bits, times 2^-bits. Factors below 2^-122 count as 0. */
export interface Factor {
  readonly mantissa: number;
  readonly bits: number;
}

export function factorOf(value: number): Factor {
  const bits = value > 0 ? MANTISSA_BITS - 1 - Math.floor(Math.log2(value)) : 1;
  const kept = Math.min(Math.max(bits, 1), 96);
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
