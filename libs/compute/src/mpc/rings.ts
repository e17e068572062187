import { nextBytes } from './bit-strings.js';
import { multiply } from './limbs.js';
import type { MaskStream } from './random.js';
import { WORDS, add, subtract } from './ring.js';

const WORD = 2 ** 32;

/** A vector of elements of {@link Z32}, {@link Z64} or {@link Z128}: words of 32 bits, the least significant first. */
export type Vector = Uint32Array;

/** A group of shares by its words: sums of elements. */
export interface Sums<Words extends number = number> {
  /** Words of an element. */
  readonly words: Words;
  add(left: Vector, right: Vector): Vector;
  subtract(left: Vector, right: Vector): Vector;
}

/** A ring of shares, Z_2^32 or Z_2^128. */
export interface Ring extends Sums<1 | 4> {
  /** Element by element. */
  multiply(left: Vector, right: Vector): Vector;
}

/** For what there is of each row: a product takes a nanosecond, in Z_2^128 a hundred. */
export const Z32: Ring = {
  words: 1,
  add: (left, right) => left.map((word, at) => word + right[at]!),
  subtract: (left, right) => left.map((word, at) => word - right[at]!),
  multiply: (left, right) => left.map((word, at) => Math.imul(word, right[at]!)),
};

/** For parts of elements of Z_2^128. */
export const Z64: Sums<2> = {
  words: 2,
  add: (left, right) => {
    const sum = new Uint32Array(left.length);
    for (let at = 0; at < sum.length; at += 2) {
      const low = left[at]! + right[at]!;
      sum[at] = low;
      sum[at + 1] = left[at + 1]! + right[at + 1]! + (low >= WORD ? 1 : 0);
    }
    return sum;
  },
  subtract: (left, right) => {
    const difference = new Uint32Array(left.length);
    for (let at = 0; at < difference.length; at += 2) {
      const low = left[at]! - right[at]!;
      difference[at] = low;
      difference[at + 1] = left[at + 1]! - right[at + 1]! - (low < 0 ? 1 : 0);
    }
    return difference;
  },
};

export const Z128: Ring = { words: WORDS, add, subtract, multiply };

/** How many elements a vector has. */
export const countOf = (ring: Sums, vector: Vector): number => vector.length / ring.words;

/** The next `count` uniform elements of one-time masks. */
export function nextOf(masks: MaskStream, ring: Sums, count: number): Vector {
  return vectorFrom(nextBytes(masks, 4 * ring.words * count), ring.words * count);
}

export const bytesOf = (vector: Vector): Uint8Array =>
  new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);

/** The words in `bytes`; copies only where the memory is not aligned. Throws RangeError on another number of them. */
export function vectorFrom(bytes: Uint8Array, words: number): Vector {
  if (bytes.byteLength !== 4 * words)
    throw new RangeError(`expected ${words} words, received ${bytes.byteLength} bytes`);
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, words);
}

/** The same whole number in each element. */
export function constant(ring: Ring, count: number, whole: number): Vector {
  const vector = new Uint32Array(count * ring.words);
  const high = Math.floor(whole / 2 ** 32);
  for (let at = 0; at < vector.length; at += ring.words) {
    vector[at] = whole;
    for (let word = 1; word < ring.words; word += 1) vector[at + word] = word === 1 ? high : whole < 0 ? -1 : 0;
  }
  return vector;
}

/** 2^bits in each element. */
export function powers(ring: Ring, count: number, bits: number): Vector {
  const vector = new Uint32Array(count * ring.words);
  for (let at = bits >>> 5; at < vector.length; at += ring.words) vector[at] = 1 << (bits & 31);
  return vector;
}

/** Vectors one after the other. */
export function concat(vectors: readonly Vector[]): Vector {
  const whole = new Uint32Array(vectors.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const vector of vectors) {
    whole.set(vector, at);
    at += vector.length;
  }
  return whole;
}
