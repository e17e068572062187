/**
 * What the label's party asks of the feature holder and of the dealer, in the order in which both answer. It tells how many
 * nodes a level has and which splits of the feature holder's columns were taken, and nothing of a row.
 */
export type Command =
  /** Sums of derivatives by bucket of these columns, for as many nodes. */
  | { readonly op: 'sums'; readonly nodes: number; readonly columns: readonly number[] }
  /** New splits: rows of buckets up to the second number of the column go left. Their ids follow those before. */
  | { readonly op: 'split'; readonly splits: readonly (readonly [column: number, bucket: number])[] }
  /** Sides of the rows to predict from `from` to `to`, at splits by id. */
  | { readonly op: 'route'; readonly splits: readonly number[]; readonly from: number; readonly to: number }
  /** There is nothing more to answer; the name of the training, for its model. */
  | { readonly op: 'done'; readonly training: string };

/** What the dealer is told: sizes alone. */
export type DealerCommand =
  | { readonly op: 'sums'; readonly nodes: number; readonly columns: readonly number[] }
  | { readonly op: 'and'; readonly bytes: number }
  | { readonly op: 'done' };

/** Bits of each list of sides, one after the other; each list starts a new byte. */
export class SideBits {
  readonly bytes: Uint8Array;
  private readonly width: number;

  constructor(lists: number, rows: number, bytes?: Uint8Array) {
    this.width = Math.ceil(rows / 8);
    this.bytes = bytes ?? new Uint8Array(lists * this.width);
  }

  set(list: number, row: number): void {
    this.bytes[list * this.width + (row >>> 3)]! |= 1 << (row & 7);
  }

  has(list: number, row: number): boolean {
    return ((this.bytes[list * this.width + (row >>> 3)]! >>> (row & 7)) & 1) === 1;
  }
}
