import { hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** A record: the first bytes of the SHA-256 of a value, its column, and its row. */
const HASH_BYTES = 16;
const COLUMN_AT = HASH_BYTES;
const ROW_AT = COLUMN_AT + 4;
const RECORD_BYTES = ROW_AT + 8;

/** Buckets by the first byte of the hash. Each holds this many records in memory before they are written. */
const PARTS = 256;
const HELD_RECORDS = 2048;

interface Part {
  held: Buffer;
  used: number;
  /** Offsets of its full pieces in the scratch file, each as long as `held`. */
  readonly written: number[];
}

/**
 * Finds the values of columns that were there before. The hash of each value goes to one of 256 parts, of which full pieces go to a
 * scratch file, and at the end one part is looked through after the other: 14 MiB are held at most while values come, and
 * then the hashes of a 256th of them.
 */
export class RepeatedValues {
  private readonly parts: (Part | undefined)[] = Array<undefined>(PARTS).fill(undefined);
  private readonly full: { part: Part; piece: Buffer }[] = [];
  private scratch: FileHandle | undefined;
  private size = 0;

  /** `createScratch` is called once what comes is more than memory is to hold. */
  constructor(private readonly createScratch: () => Promise<FileHandle>) {}

  /** Rows of a column come in their order. */
  add(column: number, value: string, row: number): void {
    const digest = hash('sha256', value, 'buffer');
    const part = (this.parts[digest[0]!] ??= { held: Buffer.alloc(64 * RECORD_BYTES), used: 0, written: [] });
    if (part.used === part.held.length) {
      if (part.used < HELD_RECORDS * RECORD_BYTES) part.held = Buffer.concat([part.held, Buffer.alloc(part.used)]);
      else {
        this.full.push({ part, piece: part.held });
        part.held = Buffer.alloc(part.used);
        part.used = 0;
      }
    }
    digest.copy(part.held, part.used, 0, HASH_BYTES);
    part.held.writeUInt32LE(column, part.used + COLUMN_AT);
    part.held.writeDoubleLE(row, part.used + ROW_AT);
    part.used += RECORD_BYTES;
  }

  /** Writes what is full; to be called after each batch of rows. */
  async spill(): Promise<void> {
    for (const { part, piece } of this.full.splice(0)) {
      this.scratch ??= await this.createScratch();
      await this.scratch.write(piece, 0, piece.length, this.size);
      part.written.push(this.size);
      this.size += piece.length;
    }
  }

  /** Tells of every value that is equal to one of an earlier row of its column; the rows are in no order. */
  async find(
    found: (column: number, row: number) => void,
    onPart: (fraction: number) => void = () => {},
  ): Promise<void> {
    await this.spill();
    for (const [at, part] of this.parts.entries()) {
      const seen = new Set<string>();
      for await (const piece of part ? this.piecesOf(part) : []) {
        for (let from = 0; from < piece.length; from += RECORD_BYTES) {
          const key = piece.toString('latin1', from, from + ROW_AT);
          if (seen.has(key)) found(piece.readUInt32LE(from + COLUMN_AT), piece.readDoubleLE(from + ROW_AT));
          else seen.add(key);
        }
      }
      onPart((at + 1) / PARTS);
    }
  }

  async close(): Promise<void> {
    await this.scratch?.close();
  }

  private async *piecesOf({ held, used, written }: Part): AsyncGenerator<Buffer> {
    for (const from of written) {
      const piece = Buffer.alloc(held.length);
      await this.scratch!.read(piece, 0, piece.length, from);
      yield piece;
    }
    yield held.subarray(0, used);
  }
}
