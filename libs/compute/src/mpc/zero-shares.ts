import { POINT_BYTES } from './curve.js';
import { VALUE_WORDS } from './key-value-store.js';
import { sodium } from './sodium.js';

/** Bytes of a key that two parties have in common. */
export const PAIR_KEY_BYTES = 32;

/**
 * A party's share of zero for each key, `VALUE_WORDS` words each: the XOR over the other parties of a pseudo-random function (BLAKE2b with the key that it has in
 * common with that party) of the key's hashed point. The shares of all parties for the same key are zero together, and those of all parties but
 * two are random to whoever lacks the key that these two have in common.
 */
export function sharesOfZero(pairKeys: readonly Uint8Array[], points: Buffer): Uint32Array {
  const count = points.length / POINT_BYTES;
  const shares = new Uint32Array(count * VALUE_WORDS);
  const words = new Uint32Array(VALUE_WORDS);
  const bytes = Buffer.from(words.buffer);
  for (const pairKey of pairKeys.map((each) => Buffer.from(each))) {
    for (let at = 0; at < count; at += 1) {
      sodium.crypto_generichash(bytes, points.subarray(at * POINT_BYTES, (at + 1) * POINT_BYTES), pairKey);
      for (let word = 0; word < VALUE_WORDS; word += 1) shares[at * VALUE_WORDS + word]! ^= words[word]!;
    }
  }
  return shares;
}
