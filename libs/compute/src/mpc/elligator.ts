/**
 * Elligator 2 onto the u-coordinates of Curve25519 (RFC 9380, section 6.7.1), for many strings at once. libsodium has it one at a
 * time and for Edwards points alone, whose way back to u costs more: 33 us a key in all, and 10 us here. The time depends on the
 * key, which a party hashes in its own process, where no other can measure it.
 */
import { POINT_BYTES } from './curve.js';

const P = 2n ** 255n - 19n;
const LOW_255 = 2n ** 255n - 1n;
/** v^2 = u^3 + A u^2 + u */
const A = 486662n;

/**
 * Turns `count` uniform strings of 32 bytes, of which the top bit is passed over, into u-coordinates of points on the curve (never
 * on its twist), in place. The cofactor is left in them: a clamped X25519 scalar is a multiple of it. One inversion serves
 * all (Montgomery's trick).
 */
export function mapToCurve(bytes: Buffer, count: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, count * POINT_BYTES);
  const divisors = new Array<bigint>(count);
  const prefix = new Array<bigint>(count);
  let product = 1n;
  for (let i = 0; i < count; i += 1) {
    const r = read(view, i * POINT_BYTES) & LOW_255;
    // 1 + 2 r^2 is never 0, since -1/2 is no square.
    const divisor = (1n + 2n * r * r) % P;
    divisors[i] = divisor;
    prefix[i] = product;
    product = (product * divisor) % P;
  }
  let inverse = invert(product);
  for (let i = count - 1; i >= 0; i -= 1) {
    const u = P - ((((inverse * prefix[i]!) % P) * A) % P);
    inverse = (inverse * divisors[i]!) % P;
    const square = (((u * (u + A) + 1n) % P) * u) % P;
    write(view, i * POINT_BYTES, isSquare(square) ? u : (P + P - A - u) % P);
  }
}

/** Inverse modulo P by the extended Euclidean algorithm. */
function invert(value: bigint): bigint {
  let [low, high, x, y] = [value, P, 1n, 0n];
  while (low > 1n) {
    const quotient = high / low;
    [low, high] = [high - quotient * low, low];
    [x, y] = [y - quotient * x, x];
  }
  return ((x % P) + P) % P;
}

type Limbs = Int32Array<ArrayBuffer>;
const LIMB_BITS = 30;
const LIMB = 2 ** LIMB_BITS - 1;
const LIMBS = 9;
const words = new DataView(new ArrayBuffer(40));
const MODULUS = limbsOf(P, new Int32Array(LIMBS));
const [first, second] = [new Int32Array(LIMBS), new Int32Array(LIMBS)];

/** Whether there is a root modulo P: the Jacobi symbol (a / b) by subtracting and halving, on limbs of 30 bits; b is odd. */
export function isSquare(value: bigint): boolean {
  let a = limbsOf(value, first);
  let b: Limbs = second;
  b.set(MODULUS);
  let limbs = LIMBS;
  let negative = false;
  for (;;) {
    while (a[limbs - 1] === 0 && b[limbs - 1] === 0) limbs -= 1;
    // Nothing is left of a: b is the greatest common divisor, 1, or the value was 0.
    if (a[0] === 0 && a.every((limb) => limb === 0)) return !negative;
    const odd = a[0]! & 1;
    if (odd === 1) {
      let top = limbs - 1;
      while (top > 0 && a[top] === b[top]) top -= 1;
      if (a[top]! < b[top]!) {
        [a, b] = [b, a];
        // Quadratic reciprocity.
        if ((a[0]! & b[0]! & 3) === 3) negative = !negative;
      }
    }
    // a = (a - b) / 2^shift where a is odd, a / 2^shift otherwise.
    let difference = a[0]! - (b[0]! & -odd);
    let below = difference & LIMB;
    const shift = below === 0 ? LIMB_BITS : 31 - Math.clz32(below & -below);
    const left = LIMB_BITS - shift;
    for (let i = 1; i < limbs; i += 1) {
      difference = a[i]! - (b[i]! & -odd) + (difference >> LIMB_BITS);
      const limb = difference & LIMB;
      a[i - 1] = (below >> shift) | ((limb << left) & LIMB);
      below = limb;
    }
    a[limbs - 1] = below >> shift;
    // (2 / b) is -1 for b = 3 and 5 modulo 8.
    if ((shift & 1) === 1 && ((b[0]! + 2) & 4) === 4) negative = !negative;
  }
}

function limbsOf(value: bigint, limbs: Limbs): Limbs {
  write(words, 0, value);
  for (let i = 0; i < LIMBS; i += 1) {
    const bit = i * LIMB_BITS;
    const at = (bit >> 5) * 4;
    const offset = bit & 31;
    const high = offset === 0 ? 0 : words.getUint32(at + 4, true) << (32 - offset);
    limbs[i] = ((words.getUint32(at, true) >>> offset) | high) & LIMB;
  }
  return limbs;
}

function read(view: DataView, at: number): bigint {
  const low = view.getBigUint64(at, true) | (view.getBigUint64(at + 8, true) << 64n);
  return low | ((view.getBigUint64(at + 16, true) | (view.getBigUint64(at + 24, true) << 64n)) << 128n);
}

function write(view: DataView, at: number, value: bigint): void {
  view.setBigUint64(at, value, true);
  view.setBigUint64(at + 8, value >> 64n, true);
  view.setBigUint64(at + 16, value >> 128n, true);
  view.setBigUint64(at + 24, value >> 192n, true);
}
