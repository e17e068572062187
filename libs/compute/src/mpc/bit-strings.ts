import type { MaskStream } from './random.js';
import { ELEMENT_BYTES, toBytes } from './ring.js';

/** The next `length` bytes of one-time masks. */
export function nextBytes(masks: MaskStream, length: number): Uint8Array {
  return toBytes(masks.next(Math.ceil(length / ELEMENT_BYTES))).subarray(0, length);
}

/** Returns `bytes`. Throws RangeError if its length is not `length`. */
export function sized(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`expected ${length} bytes, received ${bytes.length}`);
  return bytes;
}

const NONE = new Uint32Array(0);
/** Four bytes at a time, as far as they go; none where the memory is not aligned. */
const wordsOf = (bytes: Uint8Array): Uint32Array =>
  bytes.byteOffset % 4 === 0 ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2) : NONE;

/** The exclusive or of two byte strings of equal length. */
export function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length);
  const [result, x, y] = [wordsOf(both), wordsOf(left), wordsOf(right)];
  const words = Math.min(x.length, y.length);
  for (let at = 0; at < words; at += 1) result[at] = x[at]! ^ y[at]!;
  for (let at = 4 * words; at < both.length; at += 1) both[at] = left[at]! ^ right[at]!;
  return both;
}

/** The conjunction of two byte strings of equal length. */
export function and(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.length);
  const [result, x, y] = [wordsOf(both), wordsOf(left), wordsOf(right)];
  const words = Math.min(x.length, y.length);
  for (let at = 0; at < words; at += 1) result[at] = x[at]! & y[at]!;
  for (let at = 4 * words; at < both.length; at += 1) both[at] = left[at]! & right[at]!;
  return both;
}

/** Byte strings one after the other. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let from = 0;
  for (const part of parts) {
    whole.set(part, from);
    from += part.length;
  }
  return whole;
}

/** The bit at a place: 0 or 1. */
export const bitOf = (bits: Uint8Array, at: number): number => (bits[at >>> 3]! >>> (at & 7)) & 1;

/** Flags of 0 or 1 as bits, the lowest of a byte first. */
export function packed(flags: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(flags.length / 8));
  flags.forEach((flag, at) => (bits[at >>> 3]! |= flag << (at & 7)));
  return bits;
}

/** So many flags out of bits; undefined where they are of another number, or a bit that fills the last byte is set. */
export function unpacked(bits: Uint8Array, count: number): Uint8Array | undefined {
  if (bits.byteLength !== Math.ceil(count / 8)) return undefined;
  const flags = new Uint8Array(8 * bits.byteLength).map((_, at) => (bits[at >>> 3]! >>> (at & 7)) & 1);
  return flags.includes(1, count) ? undefined : flags.slice(0, count);
}
