import { createHash } from 'node:crypto';
import { sodium } from '../../mpc/sodium.js';

const DOMAIN = 'taskchain/psi/kkrt/tag/v1\0';
/** What is hashed, in words: the run, the bin, the row. */
const BIN_AT = 8;
const ROW_AT = BIN_AT + 1;

/**
 * The pseudo-random value of a row of the matrix: SHA-512 of the run, the bin and the row, cut. It must stay random where rows are off by unknown parts of the sender's word
 * (correlation robustness), as of a random oracle.
 */
export class TagHash {
  private readonly input: Buffer;
  private readonly words: Uint32Array;
  private readonly digest = Buffer.alloc(sodium.crypto_hash_sha512_BYTES);

  constructor(
    session: Uint8Array,
    private readonly width: number,
    private readonly tagBytes: number,
  ) {
    this.words = new Uint32Array(ROW_AT + width);
    this.input = Buffer.from(this.words.buffer);
    createHash('sha256').update(DOMAIN).update(session).digest().copy(this.input);
  }

  /** Writes the tag of the row of the receiver at `from` to `tags`. */
  write(bin: number, rows: Uint32Array, from: number, tags: Buffer, to: number): void {
    const { words, width } = this;
    for (let word = 0; word < width; word += 1) words[ROW_AT + word] = rows[from + word]!;
    this.put(bin, tags, to);
  }

  /** The same of a row of the sender, for the item of a code word. */
  writeOff(
    bin: number,
    rows: Uint32Array,
    from: number,
    { codes, code, secret }: Masked,
    tags: Buffer,
    to: number,
  ): void {
    const { words, width } = this;
    for (let word = 0; word < width; word += 1)
      words[ROW_AT + word] = rows[from + word]! ^ (codes[code + word]! & secret[word]!);
    this.put(bin, tags, to);
  }

  private put(bin: number, tags: Buffer, to: number): void {
    this.words[BIN_AT] = bin;
    sodium.crypto_hash_sha512(this.digest, this.input);
    for (let byte = 0; byte < this.tagBytes; byte += 1) tags[to + byte] = this.digest[byte]!;
  }
}

/** The code word at `code` of `codes`, and the sender's secret word. */
interface Masked {
  readonly codes: Uint32Array;
  readonly code: number;
  readonly secret: Uint32Array;
}
