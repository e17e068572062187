import { createCipheriv, createHash, type Cipher } from 'node:crypto';
import { vectorFrom } from '../../mpc/rings.js';
import { WORD_BITS } from './bit-matrix.js';
import { KEY_BYTES } from './base-transfers.js';

/** Bytes of what a code word is of: a block of AES. */
export const ITEM_BYTES = 16;
const BLOCK_WORDS = ITEM_BYTES / 4;

const DOMAIN = 'taskchain/psi/kkrt/code/v1\0';

/**
 * The pseudo-random code (section 3.2 of the paper): C(x) = AES_k1(x) AES_k2(x) ..., cut to its length. Keys that are drawn after the inputs put the words of any two
 * of them far apart; that they are known then is no matter.
 */
export class PseudoRandomCode {
  /** Words in a code word. */
  readonly width: number;
  private readonly ciphers: readonly Cipher[];

  constructor(keys: readonly Uint8Array[], bits: number) {
    this.width = bits / WORD_BITS;
    this.ciphers = keys.map((key) => createCipheriv('aes-128-ecb', key, null).setAutoPadding(false));
  }

  /** The code of a run, of keys that follow from its salt. */
  static ofSession(session: Uint8Array, bits: number): PseudoRandomCode {
    const blocks = Math.ceil(bits / (ITEM_BYTES * 8));
    const keys = Array.from({ length: blocks }, (_, block) =>
      createHash('sha256').update(DOMAIN).update(session).update(Buffer.of(block)).digest().subarray(0, KEY_BYTES),
    );
    return new PseudoRandomCode(keys, bits);
  }

  /** The words of these items, of `ITEM_BYTES` each, one after the other. */
  of(items: Buffer): Uint32Array {
    const { width } = this;
    const count = items.length / ITEM_BYTES;
    const words = new Uint32Array(count * width);
    this.ciphers.forEach((cipher, block) => {
      const blocks = vectorFrom(cipher.update(items), count * BLOCK_WORDS);
      const from = block * BLOCK_WORDS;
      const used = Math.min(BLOCK_WORDS, width - from);
      for (let item = 0; item < count; item += 1) {
        for (let word = 0; word < used; word += 1)
          words[item * width + from + word] = blocks[item * BLOCK_WORDS + word]!;
      }
    });
    return words;
  }
}
