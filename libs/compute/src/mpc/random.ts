import { createCipheriv, createHash, randomBytes, type Cipher } from 'node:crypto';
import { ELEMENT_BYTES, fromBytes, type RingVector } from './ring.js';

/** Bytes of a seed: an AES-256 key. */
export const SEED_BYTES = 32;

/** A fresh seed from the operating system's generator. */
export function randomSeed(): Uint8Array {
  return new Uint8Array(randomBytes(SEED_BYTES));
}

/** Uniform ring elements from the operating system's generator. */
export function randomVector(length: number): RingVector {
  return fromBytes(new Uint8Array(randomBytes(length * ELEMENT_BYTES)), length);
}

/** Derives the seed of one named use of `seed`. No two uses share key stream. */
function derive(seed: Uint8Array, use: string): Uint8Array {
  return createHash('sha256').update('taskchain/mpc/v1\0').update(use).update('\0').update(seed).digest();
}

/** What a key stream is added to: nothing. */
const ZEROS = Buffer.alloc(64 * 1024);
const zeroBytes = (length: number): Buffer =>
  length <= ZEROS.length ? ZEROS.subarray(0, length) : Buffer.alloc(length);

/**
 * Uniform ring elements expanded from a seed with AES-256 in counter mode. Holders of the same seed and use draw the
 * same elements in the same order, so the dealer hands out masks without sending them.
 */
export class MaskStream {
  private readonly cipher: Cipher;

  constructor(seed: Uint8Array, use: string) {
    this.cipher = createCipheriv('aes-256-ctr', derive(seed, use), Buffer.alloc(16));
  }

  next(length: number): RingVector {
    return fromBytes(this.cipher.update(zeroBytes(length * ELEMENT_BYTES)), length);
  }
}

/**
 * The mask of a whole matrix, with random access: any run of elements can be drawn again, so no party keeps the mask in
 * memory. Element k is block k of the key stream (an AES block is as long as a ring element).
 */
export class MatrixMask {
  private readonly key: Uint8Array;
  /** The stream and its current element: most runs begin where the previous one ended. */
  private cipher: Cipher | undefined;
  private next = 0;

  constructor(seed: Uint8Array, use: string) {
    this.key = derive(seed, use);
  }

  /** Elements `from` to `to`. */
  at(from: number, to: number): RingVector {
    if (this.cipher === undefined || this.next !== from) {
      const counter = Buffer.alloc(16);
      counter.writeBigUInt64BE(BigInt(from), 8);
      this.cipher = createCipheriv('aes-256-ctr', this.key, counter);
    }
    this.next = to;
    return fromBytes(this.cipher.update(zeroBytes((to - from) * ELEMENT_BYTES)), to - from);
  }
}

/**
 * A permutation of 0..length-1 that depends on `seed` alone. Not secret: parties that agree on the seed shuffle their
 * aligned rows alike.
 */
export function permutation(length: number, seed: number | string): Uint32Array {
  return permutationOf(length, new MaskStream(createHash('sha256').update(String(seed)).digest(), 'permutation'));
}

/** A uniform permutation of 0..length-1 drawn from `stream` (Fisher-Yates, without modulo bias). */
export function permutationOf(length: number, stream: MaskStream): Uint32Array {
  const order = Uint32Array.from({ length }, (_, index) => index);
  let words = stream.next(256);
  let used = 0;
  const below = (bound: number): number => {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      if (used === words.length) {
        words = stream.next(256);
        used = 0;
      }
      const word = words[used]!;
      used += 1;
      if (word < limit) return word % bound;
    }
  };
  for (let last = length - 1; last > 0; last -= 1) {
    const other = below(last + 1);
    const moved = order[last]!;
    order[last] = order[other]!;
    order[other] = moved;
  }
  return order;
}
