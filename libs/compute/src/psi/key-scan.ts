import { TaskFailure } from '../contract/task-type.js';
import type { Table } from '../table/table.js';
import { KeyHasher, POINT_BYTES } from '../mpc/curve.js';
import { mapToCurve } from '../mpc/elligator.js';
import { PointIndex } from '../mpc/point-index.js';

/**
 * The common form of all keys of a column. Two different kinds other than `text` can have no key in common, so that a
 * table with `7.0` where the other has `7` fails instead of giving an empty intersection.
 */
export type KeyKind = 'integer' | 'decimal' | 'date' | 'text';

const KEY_KINDS: readonly unknown[] = ['integer', 'decimal', 'date', 'text'] satisfies KeyKind[];

/** Whether a peer's word is a kind of key. */
export const isKeyKind = (value: unknown): value is KeyKind => KEY_KINDS.includes(value);

const KINDS: readonly [KeyKind, RegExp][] = [
  ['integer', /^[+-]?\d+$/],
  ['decimal', /^[+-]?\d*\.\d+$/],
  ['date', /^\d{4}-\d{2}-\d{2}$/],
];

export interface KeyScan {
  readonly rows: number;
  readonly kinds: readonly KeyKind[];
  /** One hashed point per row, as u-coordinates, in the order of the table. */
  readonly points: Buffer;
}

function kindOf(field: string): KeyKind {
  return KINDS.find(([, pattern]) => pattern.test(field))?.[0] ?? 'text';
}

/**
 * Reads the keys of a table and hashes each to a point, or to bytes as good as random where `toPoints` does nothing.
 * Throws TaskFailure NULL_KEYS or DUPLICATE_KEYS with counts and the first row, never a key.
 */
export async function scanKeys(
  table: Table,
  keyIndexes: readonly number[],
  salt: Uint8Array,
  scanned: () => void,
  toPoints: (hashes: Buffer, count: number) => void = mapToCurve,
): Promise<KeyScan> {
  const hasher = new KeyHasher(salt);
  let points = Buffer.alloc(1024 * POINT_BYTES);
  const kinds: (KeyKind | undefined)[] = keyIndexes.map(() => undefined);
  const fields = new Array<string>(keyIndexes.length);
  let rows = 0;
  let missing = 0;
  let firstMissing = 0;
  for await (const batch of table.batches()) {
    const from = rows;
    while ((rows + batch.length) * POINT_BYTES > points.length)
      points = Buffer.concat([points, Buffer.alloc(points.length)]);
    for (const row of batch) {
      for (let k = 0; k < keyIndexes.length; k += 1) {
        const field = row[keyIndexes[k]!]!;
        fields[k] = field;
        if (kinds[k] !== 'text') {
          const kind = kindOf(field);
          kinds[k] = kinds[k] === undefined || kinds[k] === kind ? kind : 'text';
        }
      }
      if (fields.includes('')) {
        missing += 1;
        firstMissing ||= rows + 1;
      }
      hasher.hash(fields, points, rows);
      rows += 1;
    }
    toPoints(points.subarray(from * POINT_BYTES, rows * POINT_BYTES), rows - from);
    scanned();
  }
  if (missing > 0) {
    throw new TaskFailure(
      'NULL_KEYS',
      `Party ${table.party}: ${missing} rows of ${table.label} have an empty key, the first is data row ${firstMissing}. Remove or fill them.`,
      false,
      { party: table.party, rows: missing, first_row: firstMissing },
    );
  }
  refuseDuplicates(table, points, rows);
  return { rows, kinds: kinds.map((kind) => kind ?? 'text'), points: points.subarray(0, rows * POINT_BYTES) };
}

function refuseDuplicates(table: Table, points: Buffer, rows: number): void {
  const index = new PointIndex(points, rows);
  let repeated = 0;
  let firstRepeated = 0;
  for (let row = 0; row < rows; row += 1) {
    if (index.add(row) < 0) continue;
    repeated += 1;
    firstRepeated ||= row + 1;
  }
  if (repeated === 0) return;
  throw new TaskFailure(
    'DUPLICATE_KEYS',
    `Party ${table.party}: ${repeated} rows of ${table.label} repeat the key of an earlier row, the first is data row ${firstRepeated}. Keys must be unique.`,
    false,
    { party: table.party, rows: repeated, first_row: firstRepeated },
  );
}
