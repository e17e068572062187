/**
 * The oblivious transfer extension of KKRT (after Ishai, Kilian, Nissim, Petrank 2003). The receiver has two seeds for each column of the matrix, the sender one of
 * them, by a secret word s. Row j of the receiver is T_j, of the sender Q_j = T_j + (C(r_j) and s): with the word of the very item of the bin that is
 * T_j again, and with that of any other it is off by a part of s that only the sender knows.
 */
import { createCipheriv, type Cipher } from 'node:crypto';
import { violation } from '../../contract/peer-message.js';
import { bytesOf, vectorFrom } from '../../mpc/rings.js';
import { toColumns, toRows, WORD_BITS } from './bit-matrix.js';
import type { KeyPairs } from './base-transfers.js';

const ZERO_COUNTER = Buffer.alloc(16);

/** What a seed is stretched to: the key stream of AES-128 in counter mode. */
const streamOf = (key: Uint8Array): Cipher => createCipheriv('aes-128-ctr', key, ZERO_COUNTER);

/** The receiver's side: knows the items of the bins. */
export class ReceiverMatrix {
  private readonly zero: readonly Cipher[];
  private readonly one: readonly Cipher[];

  constructor({ ofZero, ofOne }: KeyPairs) {
    this.zero = ofZero.map(streamOf);
    this.one = ofOne.map(streamOf);
  }

  /** For the next bins, of these code words, a multiple of 32: the own rows, and the columns for the sender, each masked by a stream that it lacks. */
  next(words: Uint32Array): { readonly rows: Uint32Array; readonly message: Buffer } {
    const width = this.zero.length / WORD_BITS;
    const height = words.length / this.zero.length;
    const columns = bytesOf(toColumns(words, width, height));
    const bytes = height * 4;
    const masked = Buffer.alloc(columns.length);
    const message = Buffer.alloc(columns.length);
    this.zero.forEach((stream, column) => {
      const at = column * bytes;
      const once = stream.update(columns.subarray(at, at + bytes));
      once.copy(masked, at);
      this.one[column]!.update(once).copy(message, at);
    });
    const rows = toRows(vectorFrom(masked, words.length), width, height);
    for (let at = 0; at < rows.length; at += 1) rows[at]! ^= words[at]!;
    return { rows, message };
  }
}

/** The sender's side: knows the secret word. */
export class SenderMatrix {
  private readonly streams: readonly Cipher[];

  constructor(
    private readonly peer: string,
    /** Whether the key of a column is that of one. */
    private readonly choices: readonly boolean[],
    keys: readonly Uint8Array[],
  ) {
    this.streams = keys.map(streamOf);
  }

  /** The own rows of the next bins, so many words of them. Throws PROTOCOL_VIOLATION. */
  next(message: Uint8Array, height: number): Uint32Array {
    const { choices } = this;
    const bytes = height * 4;
    if (message.byteLength !== choices.length * bytes) throw violation(this.peer, 'a matrix of another size');
    const columns = Buffer.alloc(message.byteLength);
    const zeros = Buffer.alloc(bytes);
    this.streams.forEach((stream, column) => {
      const at = column * bytes;
      stream.update(choices[column] ? message.subarray(at, at + bytes) : zeros).copy(columns, at);
    });
    return toRows(vectorFrom(columns, choices.length * height), choices.length / WORD_BITS, height);
  }
}

/** The secret word of the choices. */
export function wordOf(choices: readonly boolean[]): Uint32Array {
  const word = new Uint32Array(choices.length / WORD_BITS);
  choices.forEach((choice, bit) => {
    if (choice) word[Math.floor(bit / WORD_BITS)]! |= 1 << (bit % WORD_BITS);
  });
  return word;
}
