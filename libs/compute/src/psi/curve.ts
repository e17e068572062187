/**
 * The curve work of ECDH-PSI, over u-coordinates of Curve25519.
 *
 * A key is hashed to a point of the prime-order subgroup: SHA-512, then libsodium's Elligator 2 with the cofactor
 * cleared, which is the map of RFC 9380's suite edwards25519_XMD:SHA-512_ELL2_NU_ (curve.spec.ts holds it to the
 * vectors of its appendix J.5.2). X25519 then multiplies it. Hashing straight to a u-coordinate would be faster, but
 * half of all values lie on the twist and stay there under multiplication, which shows one bit of every blinded key.
 */
import { randomInt } from 'node:crypto';
import sodium from 'sodium-native';
import { TaskFailure } from '../task-type.js';

/** Bytes of a point: its u-coordinate, little-endian. */
export const POINT_BYTES = 32;

const P = 2n ** 255n - 19n;
const LOW_255 = 2n ** 255n - 1n;
const DOMAIN = Buffer.from('taskchain/psi/v1\0');

/** Hashes keys to points under one salt. Fields are length-prefixed and in Unicode NFC, so no two keys run together. */
export class KeyHasher {
  private input = Buffer.alloc(4096);
  private readonly start: number;
  private readonly digest = Buffer.alloc(sodium.crypto_hash_sha512_BYTES);

  constructor(salt: Uint8Array) {
    DOMAIN.copy(this.input);
    this.input.set(salt, DOMAIN.length);
    this.start = DOMAIN.length + salt.length;
  }

  /** Writes the Edwards point of `fields` to `points` at index `at`. */
  hash(fields: readonly string[], points: Buffer, at: number): void {
    let end = this.start;
    for (const field of fields) {
      const text = field.normalize('NFC');
      this.ensure(end + 4 + text.length * 3);
      const bytes = this.input.write(text, end + 4);
      this.input.writeUInt32LE(bytes, end);
      end += 4 + bytes;
    }
    sodium.crypto_hash_sha512(this.digest, this.input.subarray(0, end));
    const point = points.subarray(at * POINT_BYTES, (at + 1) * POINT_BYTES);
    sodium.crypto_core_ed25519_from_uniform(point, this.digest.subarray(0, POINT_BYTES));
  }

  private ensure(bytes: number): void {
    if (bytes <= this.input.length) return;
    const larger = Buffer.alloc(bytes * 2);
    this.input.copy(larger);
    this.input = larger;
  }
}

/**
 * Turns `count` Edwards points into Montgomery u-coordinates in place: u = (1 + y) / (1 - y), RFC 7748 section 4.1.
 * One modular inversion serves them all (Montgomery's trick): three multiplications a point instead of an inversion.
 */
export function edwardsToMontgomery(points: Buffer, count: number): void {
  const ys = new Array<bigint>(count);
  const prefix = new Array<bigint>(count);
  let product = 1n;
  for (let i = 0; i < count; i += 1) {
    const y = readPoint(points, i) & LOW_255;
    ys[i] = y;
    prefix[i] = product;
    product = (product * (P + 1n - y)) % P;
  }
  // y = 1 is the neutral element; a hash gives it with a chance of 2^-250.
  if (product === 0n) throw new Error('The neutral element has no u-coordinate');
  let inverse = invert(product);
  for (let i = count - 1; i >= 0; i -= 1) {
    const y = ys[i]!;
    writePoint(points, i, ((1n + y) * ((inverse * prefix[i]!) % P)) % P);
    inverse = (inverse * (P + 1n - y)) % P;
  }
}

/** A party's secret of one run. `wipe` it when the run ends. */
export class BlindingScalar {
  private readonly scalar: Buffer;

  constructor() {
    this.scalar = sodium.sodium_malloc(sodium.crypto_scalarmult_SCALARBYTES);
    sodium.randombytes_buf(this.scalar);
  }

  /**
   * X25519 of every point. Clamping makes the scalar a multiple of the cofactor 8, so the order of two parties'
   * multiplications does not matter. A point of small order would give zero: PROTOCOL_VIOLATION.
   */
  multiply(points: Buffer): Buffer {
    const out = Buffer.alloc(points.length);
    for (let at = 0; at < points.length; at += POINT_BYTES) {
      try {
        sodium.crypto_scalarmult(
          out.subarray(at, at + POINT_BYTES),
          this.scalar,
          points.subarray(at, at + POINT_BYTES),
        );
      } catch {
        throw new TaskFailure('PROTOCOL_VIOLATION', 'A peer sent a point of small order; this run cannot go on.');
      }
    }
    return out;
  }

  wipe(): void {
    sodium.sodium_memzero(this.scalar);
  }
}

/** A random order of 0..count-1 (Fisher-Yates with the system's randomness), so a place in a message tells nothing. */
export function randomOrder(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  const random = new Uint32Array(1024);
  let used = random.length;
  for (let i = count - 1; i > 0; i -= 1) {
    if (used === random.length) {
      sodium.randombytes_buf(Buffer.from(random.buffer));
      used = 0;
    }
    // Refuse the last, incomplete stretch of the 32-bit range: every place has the same chance.
    const range = i + 1;
    const value = random[used]!;
    used += 1;
    const j = value < 0x1_0000_0000 - (0x1_0000_0000 % range) ? value % range : randomInt(range);
    const held = order[i]!;
    order[i] = order[j]!;
    order[j] = held;
  }
  return order;
}

function readPoint(points: Buffer, index: number): bigint {
  const at = index * POINT_BYTES;
  return (
    points.readBigUInt64LE(at) |
    (points.readBigUInt64LE(at + 8) << 64n) |
    (points.readBigUInt64LE(at + 16) << 128n) |
    (points.readBigUInt64LE(at + 24) << 192n)
  );
}

function writePoint(points: Buffer, index: number, value: bigint): void {
  const at = index * POINT_BYTES;
  points.writeBigUInt64LE(BigInt.asUintN(64, value), at);
  points.writeBigUInt64LE(BigInt.asUintN(64, value >> 64n), at + 8);
  points.writeBigUInt64LE(BigInt.asUintN(64, value >> 128n), at + 16);
  points.writeBigUInt64LE(value >> 192n, at + 24);
}

/** Inverse modulo P by the extended Euclidean algorithm. */
function invert(value: bigint): bigint {
  let [low, high, x, y] = [value % P, P, 1n, 0n];
  while (low > 1n) {
    const quotient = high / low;
    [low, high] = [high - quotient * low, low];
    [x, y] = [y - quotient * x, x];
  }
  return ((x % P) + P) % P;
}
