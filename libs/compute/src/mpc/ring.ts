/**
 * Z_2^128, the ring of the shares, and fixed-point numbers in it.
 *
 * A vector of n ring elements is a `Uint32Array` of 4n words, least significant word first, so that its memory is its
 * wire form: 16 bytes an element, little-endian (as is every platform that Node.js runs on). Words, not BigInt, because
 * a BigInt product costs five times as much (`limbs.ts`).
 *
 * A number x with f fraction bits is round(x * 2^f) mod 2^128; the upper half of the ring is negative.
 */
export type RingVector = Uint32Array;

/** Words of one element. */
export const WORDS = 4;
/** Bytes of one element on the wire. */
export const ELEMENT_BYTES = 16;
/** Fraction bits of features: the FM128 default of SecretFlow's SPU, about 8 decimals. */
export const FEATURE_BITS = 26;
/**
 * Fraction bits of weights and residuals. A product holds 26 + 48 bits of fraction, which leaves 53 bits for its value.
 * More bits than the features' 26 keep what a truncation cuts off (2^-48 a step) far below what is opened.
 */
export const STATE_BITS = 48;

const WORD = 2 ** 32;

/** n zeros. */
export function zeros(length: number): RingVector {
  return new Uint32Array(length * WORDS);
}

/** How many elements `vector` has. */
export function lengthOf(vector: RingVector): number {
  return vector.length / WORDS;
}

/** Elements `from` to `to` of `vector`, on the same memory. */
export function slice(vector: RingVector, from: number, to: number): RingVector {
  return vector.subarray(from * WORDS, to * WORDS);
}

/**
 * Writes the number as fixed point into the element at word `at`, which holds zeros. The caller has checked that it is
 * finite.
 */
function put(target: RingVector, at: number, number: number, scale: number): void {
  let rest = Math.round(Math.abs(number) * scale);
  for (let word = at; rest > 0 && word < at + WORDS; word += 1) {
    const high = Math.floor(rest / WORD);
    target[word] = rest - high * WORD;
    rest = high;
  }
  if (number < 0) negateAt(target, at);
}

/** Numbers as fixed point. They must be finite, with an absolute value below 2^(127 - bits). */
export function encode(numbers: ArrayLike<number>, bits: number): RingVector {
  const vector = zeros(numbers.length);
  const scale = 2 ** bits;
  for (let index = 0; index < numbers.length; index += 1) put(vector, index * WORDS, numbers[index]!, scale);
  return vector;
}

/** Fixed point back to numbers; exact to the 53 bits of a double. */
export function decode(vector: RingVector, bits: number): Float64Array {
  const numbers = new Float64Array(lengthOf(vector));
  const element = new Uint32Array(WORDS);
  for (let index = 0; index < numbers.length; index += 1) {
    element.set(vector.subarray(index * WORDS, (index + 1) * WORDS));
    const negative = element[3]! >>> 31 === 1;
    if (negative) negateAt(element, 0);
    const size = ((element[3]! * WORD + element[2]!) * WORD + element[1]!) * WORD + element[0]!;
    numbers[index] = (negative ? -size : size) * 2 ** -bits;
  }
  return numbers;
}

function negateAt(vector: RingVector, at: number): void {
  let carry = 1;
  for (let word = at; word < at + WORDS; word += 1) {
    const sum = (~vector[word]! >>> 0) + carry;
    vector[word] = sum;
    carry = sum >= WORD ? 1 : 0;
  }
}

/** target += other, element by element. */
export function addInto(target: RingVector, other: RingVector): RingVector {
  for (let at = 0; at < target.length; at += WORDS) addAt(target, at, other, at);
  return target;
}

/** target -= other, element by element. */
export function subtractInto(target: RingVector, other: RingVector): RingVector {
  for (let at = 0; at < target.length; at += WORDS) {
    let borrow = 0;
    for (let word = at; word < at + WORDS; word += 1) {
      const difference = target[word]! - other[word]! - borrow;
      target[word] = difference;
      borrow = difference < 0 ? 1 : 0;
    }
  }
  return target;
}

/** Adds one element to each of `target`. */
export function addToEach(target: RingVector, element: RingVector): RingVector {
  for (let at = 0; at < target.length; at += WORDS) addAt(target, at, element, 0);
  return target;
}

/** Adds the element at a word of `other` to that at a word of `target`. */
function addAt(target: RingVector, at: number, other: RingVector, from: number): void {
  let carry = 0;
  for (let word = 0; word < WORDS; word += 1) {
    const sum = target[at + word]! + other[from + word]! + carry;
    target[at + word] = sum;
    carry = sum >= WORD ? 1 : 0;
  }
}

/** left + right. */
export function add(left: RingVector, right: RingVector): RingVector {
  return addInto(left.slice(), right);
}

/** left - right. */
export function subtract(left: RingVector, right: RingVector): RingVector {
  return subtractInto(left.slice(), right);
}

/** The sum of all elements, as a vector of one. */
export function total(vector: RingVector): RingVector {
  const sum = zeros(1);
  for (let from = 0; from < vector.length; from += WORDS) addAt(sum, 0, vector, from);
  return sum;
}

/** Divides every element by 2^bits, rounding down, as unsigned ring elements; 1 <= bits <= 96. */
export function shiftRightInto(vector: RingVector, bits: number): RingVector {
  const skip = bits >>> 5;
  const shift = bits & 31;
  for (let at = 0; at < vector.length; at += WORDS) {
    for (let word = 0; word < WORDS; word += 1) {
      const low = word + skip < WORDS ? vector[at + word + skip]! : 0;
      const high = word + skip + 1 < WORDS ? vector[at + word + skip + 1]! : 0;
      vector[at + word] = shift === 0 ? low : (low >>> shift) | (high << (32 - shift));
    }
  }
  return vector;
}

/** Multiplies every element by 2^bits; 0 <= bits <= 127. */
export function shiftLeftInto(vector: RingVector, bits: number): RingVector {
  const skip = bits >>> 5;
  const shift = bits & 31;
  for (let at = 0; at < vector.length; at += WORDS) {
    for (let word = WORDS - 1; word >= 0; word -= 1) {
      const high = word >= skip ? vector[at + word - skip]! : 0;
      const low = word > skip ? vector[at + word - skip - 1]! : 0;
      vector[at + word] = shift === 0 ? high : (high << shift) | (low >>> (32 - shift));
    }
  }
  return vector;
}

/** -vector, in place. */
export function negateInto(vector: RingVector): RingVector {
  for (let at = 0; at < vector.length; at += WORDS) negateAt(vector, at);
  return vector;
}

/** The wire bytes of `vector`, on the same memory. */
export function toBytes(vector: RingVector): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

/**
 * The elements in `bytes`; copies only where the memory is not aligned. Throws RangeError if there are not `length`
 * elements.
 */
export function fromBytes(bytes: Uint8Array, length: number): RingVector {
  if (bytes.byteLength !== length * ELEMENT_BYTES) {
    throw new RangeError(`expected ${length} ring elements, received ${bytes.byteLength} bytes`);
  }
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}
