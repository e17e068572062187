import { MIN_GROUP_ROWS } from '../evaluation/metrics.js';
import { TaskFailure } from './task-type.js';

/**
 * Counts how many rows of a column differ from its most frequent value, up to those that are enough. What is made of a column in
 * which one row alone differs (a correlation, a weight) is that row's value in another party's column.
 */
export class RowsApart {
  private readonly counts = new Map<number, number>();
  private rows = 0;
  private most = 0;

  add(value: number): void {
    // Another row never makes fewer of them, so that nothing is counted once they are enough.
    if (this.rows - this.most >= MIN_GROUP_ROWS) return;
    const count = (this.counts.get(value) ?? 0) + 1;
    this.counts.set(value, count);
    this.most = Math.max(this.most, count);
    this.rows += 1;
  }

  /** Whether there are such rows and they are too few. A column of one value, or of none twice, singles out no row. */
  get areFew(): boolean {
    return this.most > 1 && this.rows > this.most && this.rows - this.most < MIN_GROUP_ROWS;
  }
}

/** Throws GROUP_TOO_SMALL where under 5 rows of a column (of row-major `values`) differ from its most frequent value. */
export function checkApart(
  where: { readonly party: string; readonly path: string; readonly name: string },
  values: Float64Array,
  column: number,
  columns: number,
): void {
  const apart = new RowsApart();
  for (let at = column; at < values.length; at += columns) apart.add(values[at]!);
  if (!apart.areFew) return;
  const { party, path, name } = where;
  throw new TaskFailure(
    'GROUP_TOO_SMALL',
    `Party ${party}: under ${MIN_GROUP_ROWS} rows of column ${JSON.stringify(name)} of ${path} differ from its most frequent ` +
      'value, so that the result would tell of these rows alone; leave it out.',
    false,
    { party, column: name, min_rows: MIN_GROUP_ROWS },
  );
}
