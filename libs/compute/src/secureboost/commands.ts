import { isCount, MAX_ROWS, PeerMessage, violation } from '../contract/peer-message.js';
import { chosenBytes, MAX_LISTS, type ChosenBits } from '../mpc/chosen-bits.js';

/**
 * Commands of the label's party to the feature holder and the dealer, in the order in which both answer. They reveal
 * the number of nodes of a level and the chosen splits of the feature holder's columns, and nothing about a row.
 */
export type Command =
  /** Sums of derivatives by bucket of these columns, for as many nodes of a level. */
  | {
      readonly op: 'sums';
      readonly tree: number;
      readonly level: number;
      readonly nodes: number;
      readonly columns: readonly number[];
    }
  /** New splits of that level: rows up to that bucket of the column go left. Their ids continue the previous ones. */
  | { readonly op: 'split'; readonly splits: readonly (readonly [column: number, bucket: number])[] }
  /** Sides of the rows to predict from `from` to `to`, at splits by id, those of a tree together. */
  | {
      readonly op: 'route';
      readonly splits: readonly (readonly number[])[];
      readonly from: number;
      readonly to: number;
    }
  /** The last command, with the name of the training for the model. */
  | { readonly op: 'done'; readonly training: string };

/** Commands to the dealer: sizes alone. */
export type DealerCommand =
  | { readonly op: 'sums'; readonly nodes: number; readonly columns: readonly number[] }
  | ({ readonly op: 'choice' } & ChosenBits)
  | { readonly op: 'done' };

/** What a command may name of the party that it is sent to. */
export interface Known {
  /** Edges of the buckets of each column. */
  readonly edges: readonly number[];
  /** Splits that were made so far. */
  readonly splits: number;
  /** Rows to predict. */
  readonly rows: number;
}

const MAX_NODES = 1 << 16;
/** The number of a bucket has 16 bits. */
const MAX_BUCKETS = 1 << 16;
const MAX_MASK_BYTES = 1 << 28;
const MAX_TREES = 1000;
const MAX_DEPTH = 16;

/** Whether an item is an index of a list of this length. */
const below =
  (length: number) =>
  (item: unknown): item is number =>
    isCount(item, length - 1);

/** A command as the label's party sent it. Throws PROTOCOL_VIOLATION on one that names what is not there. */
export function commandFrom(peer: string, value: unknown, { edges, splits, rows }: Known): Command {
  const message = new PeerMessage(peer, value);
  const op = message.choice('op', ['sums', 'split', 'route', 'done']);
  switch (op) {
    case 'sums': {
      const columns = message.list('columns', edges.length, below(edges.length));
      const [tree, level] = [message.count('tree', MAX_TREES), message.count('level', MAX_DEPTH)];
      return { op, tree, level, nodes: message.count('nodes', MAX_NODES), columns };
    }
    case 'split': {
      const fits = (item: unknown): item is [number, number] => {
        const [column, edge, ...more] = Array.isArray(item) ? (item as unknown[]) : [];
        return more.length === 0 && below(edges.length)(column) && below(edges[column]!)(edge);
      };
      return { op, splits: message.list('splits', MAX_NODES, fits) };
    }
    case 'route': {
      const [from, to] = [message.count('from', rows), message.count('to', rows)];
      if (from > to) throw violation(peer, 'rows to route that end before they begin');
      const isGroup = (item: unknown): item is number[] =>
        Array.isArray(item) && item.length > 0 && item.length <= MAX_LISTS && item.every(below(splits));
      return { op, splits: message.list('splits', splits, isGroup), from, to };
    }
    case 'done':
      return { op, training: message.has('training') ? message.text('training', 256) : '' };
  }
}

/** A command as the label's party sent it to the dealer, who has a size of each column. Throws PROTOCOL_VIOLATION. */
export function dealerCommandFrom(peer: string, value: unknown, columns: number): DealerCommand {
  const message = new PeerMessage(peer, value);
  const op = message.choice('op', ['sums', 'choice', 'done']);
  switch (op) {
    case 'sums': {
      const list = message.list('columns', columns, below(columns));
      return { op, nodes: message.count('nodes', MAX_NODES), columns: list };
    }
    case 'choice': {
      const isLists = (item: unknown): item is number => isCount(item, MAX_LISTS);
      const choice = { rows: message.count('rows', MAX_ROWS), lists: message.list('lists', MAX_NODES, isLists) };
      if (chosenBytes(choice) > MAX_MASK_BYTES) throw violation(peer, 'a choice among too many bits');
      return { op, ...choice };
    }
    case 'done':
      return { op };
  }
}

/** The number of buckets of each of a peer's `columns`. Throws PROTOCOL_VIOLATION. */
export function bucketCountsFrom(peer: string, value: unknown, columns: number): number[] {
  const isBuckets = (item: unknown): item is number => isCount(item, MAX_BUCKETS);
  const counts = new PeerMessage(peer, { counts: value }).list('counts', columns, isBuckets);
  if (counts.length !== columns) throw violation(peer, `counts of other than ${columns} columns`);
  return counts;
}

/** How many of the rows lie in each bucket of each of a peer's `columns`. Throws PROTOCOL_VIOLATION. */
export function bucketSizesFrom(peer: string, value: unknown, columns: number): { rows: number; sizes: number[][] } {
  const message = new PeerMessage(peer, value);
  const rows = message.count('rows', MAX_ROWS);
  const isColumn = (item: unknown): item is number[] =>
    Array.isArray(item) &&
    item.length <= MAX_BUCKETS &&
    item.every((size) => isCount(size, rows)) &&
    (item as number[]).reduce((sum, size) => sum + size, 0) === rows;
  return { rows, sizes: message.list('sizes', columns, isColumn) };
}

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
