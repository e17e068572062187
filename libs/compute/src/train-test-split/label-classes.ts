import { FEW_VALUES } from '#libs/consent';
import { TaskFailure } from '../contract/task-type.js';
import type { Table } from '../table/table.js';
import { columnIndexes } from '../table/csv-reader.js';
import { GrownBytes } from '../table/grown-bytes.js';

/** The rows of a table by the value of a column; all are of one class where there is no column. */
export interface Classes {
  readonly rows: number;
  /** The class of each row; classes are numbered as they come first. */
  readonly ofRows: Uint8Array;
  /** The rows of each class. */
  readonly counts: readonly number[];
}

/**
 * Reads the rows of a table once. Values are compared as text, and a missing one is a value as well. `onBatch` is called as it goes on. Throws TaskFailure
 * COLUMN_NOT_FOUND, and TOO_MANY_LABEL_VALUES beyond `FEW_VALUES`: beyond these no limit would hold what many draws tell.
 */
export async function readClasses(table: Table, column: string | null, onBatch: () => void): Promise<Classes> {
  const index = column === null ? null : columnIndexes(table, [column])[0]!;
  const known = new Map<string, number>();
  const counts: number[] = [];
  const ofRows = new GrownBytes();
  for await (const batch of table.batches()) {
    for (const row of batch) {
      const value = index === null ? '' : row[index]!;
      let of = known.get(value);
      if (of === undefined) {
        of = known.size;
        if (of === FEW_VALUES) throw tooMany(table, column!);
        known.set(value, of);
        counts.push(0);
      }
      ofRows.add(of);
      counts[of]! += 1;
    }
    onBatch();
  }
  return { rows: ofRows.all.length, ofRows: ofRows.all, counts };
}

/** Throws GROUP_TOO_SMALL if a class has under `least` rows: in many draws they would stand out. How many it has is its party's alone. */
export function checkClasses({ party, label }: Table, column: string, { counts }: Classes, least: number): void {
  if (counts.length === 1 || Math.min(...counts) >= least) return;
  throw new TaskFailure(
    'GROUP_TOO_SMALL',
    `Party ${party}: label ${JSON.stringify(column)} of ${label} has a value of under ${least} rows, which draws would show; merge it with ` +
      'another, or split without label_column.',
    false,
    { party, column, min_rows: least },
  );
}

function tooMany({ party, label }: Table, column: string): TaskFailure {
  return new TaskFailure(
    'TOO_MANY_LABEL_VALUES',
    `Party ${party}: label ${JSON.stringify(column)} of ${label} has more than ${FEW_VALUES} different values; bin it first (quantile_binning), ` +
      'or split without label_column.',
    false,
    { party, column, max_values: FEW_VALUES },
  );
}
