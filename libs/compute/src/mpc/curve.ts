/**
 * The curve work of ECDH-PSI, over u-coordinates of Curve25519.
 *
 * A key is hashed to a point of the curve: SHA-512, then Elligator 2 (elligator.ts), then X25519, which clears the cofactor: the map
 * of RFC 9380's suite curve25519_XMD:SHA-512_ELL2_NU_. Hashing straight to a u-coordinate would be faster, but half of all
 * values lie on the twist and stay there under multiplication, which shows one bit of every blinded key.
 */
import { randomInt } from 'node:crypto';
import { TaskFailure } from '../contract/task-type.js';
import { sodium } from './sodium.js';

/** Bytes of a point: its u-coordinate, little-endian. */
export const POINT_BYTES = 32;

const DOMAIN = Buffer.from('taskchain/psi/v1\0');

/** Hashes keys to uniform bytes under one salt, for `mapToCurve`. Fields are length-prefixed and in Unicode NFC, so no two keys run together. */
export class KeyHasher {
  private input = Buffer.alloc(4096);
  private readonly start: number;
  private readonly digest = Buffer.alloc(sodium.crypto_hash_sha512_BYTES);

  constructor(salt: Uint8Array) {
    DOMAIN.copy(this.input);
    this.input.set(salt, DOMAIN.length);
    this.start = DOMAIN.length + salt.length;
  }

  /** Writes the hash of `fields` to `hashes`, where the point at index `at` will be. */
  hash(fields: readonly string[], hashes: Buffer, at: number): void {
    let end = this.start;
    for (const field of fields) {
      const text = field.normalize('NFC');
      this.ensure(end + 4 + text.length * 3);
      const bytes = this.input.write(text, end + 4);
      this.input.writeUInt32LE(bytes, end);
      end += 4 + bytes;
    }
    sodium.crypto_hash_sha512(this.digest, this.input.subarray(0, end));
    this.digest.copy(hashes, at * POINT_BYTES, 0, POINT_BYTES);
  }

  private ensure(bytes: number): void {
    if (bytes <= this.input.length) return;
    const larger = Buffer.alloc(bytes * 2);
    this.input.copy(larger);
    this.input = larger;
  }
}

/** A party's secret of one run. `wipe` it when the run ends: it multiplies nothing then. */
export class BlindingScalar {
  private readonly scalar: Buffer;
  private isWiped = false;

  /** A random one, or that of these 32 bytes. */
  constructor(bytes?: Uint8Array) {
    this.scalar = sodium.sodium_malloc(sodium.crypto_scalarmult_SCALARBYTES);
    if (bytes === undefined) sodium.randombytes_buf(this.scalar);
    else this.scalar.set(bytes);
  }

  /**
   * X25519 of every point. Clamping makes the scalar a multiple of the cofactor 8, so the order of two parties'
   * multiplications does not matter. A point of small order would give zero: PROTOCOL_VIOLATION.
   */
  multiply(points: Buffer): Buffer {
    // What is left of it is a scalar that everyone knows.
    if (this.isWiped) throw new Error('a secret that was wiped');
    const out = Buffer.alloc(points.length);
    for (let at = 0; at < points.length; at += POINT_BYTES) {
      try {
        sodium.crypto_scalarmult(
          out.subarray(at, at + POINT_BYTES),
          this.scalar,
          points.subarray(at, at + POINT_BYTES),
        );
      } catch {
        throw new TaskFailure('PROTOCOL_VIOLATION', 'A peer sent a point of small order; this run cannot continue.');
      }
    }
    return out;
  }

  wipe(): void {
    this.isWiped = true;
    sodium.sodium_memzero(this.scalar);
  }
}

/** A random order of 0..count-1 (Fisher-Yates with the system's randomness), so the position in a message reveals nothing. */
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
