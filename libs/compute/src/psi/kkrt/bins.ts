import { TaskFailure } from '../../contract/task-type.js';
import { POINT_BYTES } from '../../mpc/curve.js';
import { ITEM_BYTES } from './code.js';
import { TABLES } from './parameters.js';

/** In a bin, or of a bin: nothing. */
export const NONE = -1;

/** The bins of hashed keys: by the bytes of a hash that the code does not take, one in each table. */
export class Bins {
  readonly count: number;

  constructor(
    private readonly hashes: Buffer,
    private readonly perTable: number,
  ) {
    this.count = perTable * TABLES;
  }

  /** The bin of a key in a table. */
  of(row: number, table: number): number {
    const word = this.hashes.readUInt32LE(row * POINT_BYTES + ITEM_BYTES + 4 * table);
    return table * this.perTable + Math.floor((word * this.perTable) / 2 ** 32);
  }

  tableOf(bin: number): number {
    return Math.floor(bin / this.perTable);
  }
}

/**
 * Puts each key into one of its bins, one a bin (cuckoo hashing). By bin: its row, or `NONE`. Where a place for all exists it is found: a key without a free bin takes the
 * shortest way along which others can move to a free one. Throws TaskFailure BINS_FULL, which another attempt may mend by its other salt.
 */
export function placeAll(bins: Bins, rows: number): Int32Array {
  const rowIn = new Int32Array(bins.count).fill(NONE);
  // By bin: the bin from which this one was reached, and for which row.
  const cameFrom = new Int32Array(bins.count);
  const reachedFor = new Int32Array(bins.count).fill(NONE);
  const seen = new Int32Array(bins.count);
  for (let row = 0; row < rows; row += 1) {
    let free = NONE;
    let count = 0;
    // Its own bins first, then those of the rows in bins seen before.
    for (let from = NONE; free === NONE && from < count; from += 1) {
      const [mover, bin] = from === NONE ? [row, NONE] : [rowIn[seen[from]!]!, seen[from]!];
      for (let table = 0; table < TABLES && free === NONE; table += 1) {
        const next = bins.of(mover, table);
        if (reachedFor[next] === row) continue;
        reachedFor[next] = row;
        cameFrom[next] = bin;
        if (rowIn[next] === NONE) free = next;
        else seen[count++] = next;
      }
    }
    if (free === NONE) {
      const message = 'By chance the keys found no place in the bins of this attempt; another attempt has other bins.';
      throw new TaskFailure('BINS_FULL', message, true);
    }
    // Each moves on to the bin that was reached from its own.
    let bin = free;
    for (let from = cameFrom[bin]!; from !== NONE; from = cameFrom[bin]!) {
      rowIn[bin] = rowIn[from]!;
      bin = from;
    }
    rowIn[bin] = row;
  }
  return rowIn;
}

/** The keys of each bin, where a key is in all of its bins: those of bin b are `rows` from `starts[b]` to `starts[b + 1]`. */
export function listAll(bins: Bins, rows: number): { readonly starts: Uint32Array; readonly rows: Uint32Array } {
  const starts = new Uint32Array(bins.count + 1);
  const each = (take: (bin: number, row: number) => void): void => {
    for (let row = 0; row < rows; row += 1)
      for (let table = 0; table < TABLES; table += 1) take(bins.of(row, table), row);
  };
  each((bin) => (starts[bin]! += 1));
  for (let bin = 1; bin <= bins.count; bin += 1) starts[bin]! += starts[bin - 1]!;
  const listed = new Uint32Array(rows * TABLES);
  // From the end of each bin backwards.
  each((bin, row) => (listed[(starts[bin]! -= 1)] = row));
  return { starts, rows: listed };
}
