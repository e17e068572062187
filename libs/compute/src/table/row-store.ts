const CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * Rows of text kept as UTF-8 outside the JavaScript heap: a row costs its bytes and 8 more, and its place can be asked
 * for in any order. Strings would cost several times that, since each row is put together from its fields.
 */
export class RowStore {
  private readonly chunks: Buffer[] = [];
  private used = CHUNK_BYTES;
  /** Chunk and place of each row's first byte; the row ends where the next one begins in its chunk, or at `ends`. */
  private starts = new Float64Array(1024);
  private readonly ends: number[] = [];
  private rows = 0;

  get length(): number {
    return this.rows;
  }

  add(text: string): void {
    const most = text.length * 3;
    let chunk = this.chunks.at(-1);
    if (!chunk || this.used + most > chunk.length) {
      if (chunk) this.ends.push(this.used);
      chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, most));
      this.chunks.push(chunk);
      this.used = 0;
    }
    if (this.rows === this.starts.length) {
      const larger = new Float64Array(this.rows * 2);
      larger.set(this.starts);
      this.starts = larger;
    }
    this.starts[this.rows] = (this.chunks.length - 1) * 2 ** 32 + this.used;
    this.used += chunk.write(text, this.used);
    this.rows += 1;
  }

  /** The bytes of a row, valid as long as the store. */
  at(row: number): Uint8Array {
    const start = this.starts[row]!;
    const chunk = Math.floor(start / 2 ** 32);
    const next = row + 1 < this.rows ? this.starts[row + 1]! : Infinity;
    const sameChunk = Math.floor(next / 2 ** 32) === chunk;
    const end = sameChunk ? next % 2 ** 32 : (this.ends[chunk] ?? this.used);
    return this.chunks[chunk]!.subarray(start % 2 ** 32, end);
  }
}
