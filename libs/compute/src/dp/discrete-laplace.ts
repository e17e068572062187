/**
 * Exact sampling of noise in whole numbers: C. L. Canonne, G. Kamath, T. Steinke, "The Discrete Gaussian for Differential Privacy"
 * (NeurIPS 2020, arXiv:2004.00010), algorithms 1 and 2. No step rounds, so that no released figure shows by its low bits what it was
 * made of (I. Mironov, "On Significance of the Least Significant Bits for Differential Privacy", CCS 2012).
 */
import { randomBytes } from 'node:crypto';

/** A rational number. `denominator` is above 0. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const POOL_BYTES = 4096;
let pool: Uint8Array = new Uint8Array(0);
let used = 0;

/** A whole number of so many bytes of the operating system's generator. Each byte is used once. */
function systemNumber(bytes: number): bigint {
  if (used + bytes > pool.length) {
    pool = randomBytes(Math.max(POOL_BYTES, bytes));
    used = 0;
  }
  let number = 0n;
  for (const end = used + bytes; used < end; used += 1) number = (number << 8n) | BigInt(pool[used]!);
  return number;
}

/** A uniform whole number of 0 to `bound` - 1, without bias: draws beyond the last whole multiple are made again. */
export function uniformBelow(bound: bigint): bigint {
  let room = 256n;
  let bytes = 1;
  for (; room < bound; room <<= 8n) bytes += 1;
  const limit = room - (room % bound);
  for (;;) {
    const drawn = systemNumber(bytes);
    if (drawn < limit) return drawn % bound;
  }
}

/** True with probability exp(-x), for a rational x of at least 0 (algorithm 1). */
export function bernoulliExp({ numerator, denominator }: Rational): boolean {
  for (let whole = numerator / denominator; whole > 0n; whole -= 1n) if (!bernoulliExpOfPart(1n, 1n)) return false;
  return bernoulliExpOfPart(numerator % denominator, denominator);
}

/** True with probability exp(-x), for x = `numerator` / `denominator` of 0 to 1: von Neumann's series. */
function bernoulliExpOfPart(numerator: bigint, denominator: bigint): boolean {
  let tries = 1n;
  while (uniformBelow(denominator * tries) < numerator) tries += 1n;
  return tries % 2n === 1n;
}

/**
 * A whole number z with probability in proportion to exp(-|z| / scale), for a rational scale above 0 (algorithm 2). Added to a figure
 * in whole numbers that one row changes by at most s, noise of the scale s / epsilon makes the figure epsilon-differentially private.
 */
export function discreteLaplace({ numerator: t, denominator: s }: Rational): bigint {
  for (;;) {
    const part = uniformBelow(t);
    if (!bernoulliExp({ numerator: part, denominator: t })) continue;
    let whole = 0n;
    while (bernoulliExpOfPart(1n, 1n)) whole += 1n;
    const size = (part + t * whole) / s;
    const isNegative = uniformBelow(2n) === 1n;
    // Zero has one sign.
    if (isNegative && size === 0n) continue;
    return isNegative ? -size : size;
  }
}
