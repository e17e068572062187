import { TaskFailure, type Json, type JsonObject } from './task-type.js';

/** The smallest group of rows that a figure, a bucket or a split may cover, if an owner's policy asks for no larger one. */
export const MIN_GROUP_ROWS = 20;

/** Throws GROUP_TOO_SMALL for a table with fewer rows than a figure must cover. */
export function checkGroup(party: string, path: string, rows: number, figures = 'figures'): void {
  if (rows >= MIN_GROUP_ROWS) return;
  throw new TaskFailure(
    'GROUP_TOO_SMALL',
    `Party ${party}: ${path} has ${rows} rows; ${figures} of under ${MIN_GROUP_ROWS} would show single rows.`,
    false,
    { party, rows, min_rows: MIN_GROUP_ROWS },
  );
}

/**
 * Counts the rows of a column that differ from its most frequent value, up to `MIN_GROUP_ROWS`. If only one row differs, then a
 * correlation or a weight of the column reveals that row's value in another party's column.
 */
export class RowsApart {
  private readonly counts = new Map<number, number>();
  private rows = 0;
  private most = 0;

  add(value: number): void {
    // Further rows never lower the number of differing rows, so counting stops at the threshold.
    if (this.rows - this.most >= MIN_GROUP_ROWS) return;
    const count = (this.counts.get(value) ?? 0) + 1;
    this.counts.set(value, count);
    this.most = Math.max(this.most, count);
    this.rows += 1;
  }

  /** Whether some rows differ, but too few. A constant column, or one without repeated values, singles out no row. */
  get areFew(): boolean {
    return this.most > 1 && this.rows > this.most && this.rows - this.most < MIN_GROUP_ROWS;
  }
}

/** Throws GROUP_TOO_SMALL if under 20 rows of a column (of row-major `values`) differ from its most frequent value. */
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
      'value, so that the result would reveal these rows; leave it out.',
    false,
    { party, column: name, min_rows: MIN_GROUP_ROWS },
  );
}

/**
 * What others see of `figures`: each path of `reasons` (keys with dots between them, `*` for every key) is null, and the key `withheld`
 * says why. The party's own readers get the figures as they are, by `keepResult`.
 */
export function withhold(figures: JsonObject, reasons: Readonly<Record<string, string>>): JsonObject {
  let seen: Json = figures;
  for (const path of Object.keys(reasons)) seen = without(seen, path.split('.'));
  return { ...(seen as JsonObject), withheld: { ...reasons } };
}

function without(value: Json, [key, ...rest]: readonly string[]): Json {
  if (key === undefined || value === null || typeof value !== 'object') return null;
  const of = value as JsonObject;
  const keys = key === '*' ? Object.keys(of) : [key];
  return { ...of, ...Object.fromEntries(keys.map((each) => [each, without(of[each] ?? null, rest)])) };
}
