/**
 * Commands of the label's party to the feature holder and the dealer, in the order in which both answer. They reveal
 * the number of nodes of a level and the chosen splits of the feature holder's columns, and nothing about a row.
 */
export type Command =
  /** Sums of derivatives by bucket of these columns, for as many nodes. */
  | { readonly op: 'sums'; readonly nodes: number; readonly columns: readonly number[] }
  /** New splits: rows up to that bucket of the column go left. Their ids continue the previous ones. */
  | { readonly op: 'split'; readonly splits: readonly (readonly [column: number, bucket: number])[] }
  /** Sides of the rows to predict from `from` to `to`, at splits by id. */
  | { readonly op: 'route'; readonly splits: readonly number[]; readonly from: number; readonly to: number }
  /** The last command, with the name of the training for the model. */
  | { readonly op: 'done'; readonly training: string };

/** Commands to the dealer: sizes alone. */
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
