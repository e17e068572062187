import { TaskFailure, type Json, type JsonObject } from './task-type.js';

/** Whose rows a figure covers, and the smallest group of them that it may cover. */
interface Floor {
  readonly party: string;
  readonly minGroupRows: number;
}

/** Throws GROUP_TOO_SMALL for a table with fewer rows than a figure must cover. How many it has is its party's alone. */
export function checkGroup({ party, minGroupRows }: Floor, path: string, rows: number, figures = 'figures'): void {
  if (rows >= minGroupRows) return;
  throw new TaskFailure(
    'GROUP_TOO_SMALL',
    `Party ${party}: ${path} has under ${minGroupRows} rows; ${figures} of so few would show single rows.`,
    false,
    { party, min_rows: minGroupRows },
  );
}

/**
 * Counts the rows of a column that differ from its most frequent value, up to `least`. If only one row differs, then a
 * correlation or a weight of the column reveals that row's value in another party's column.
 */
export class RowsApart {
  private readonly counts = new Map<number, number>();
  private rows = 0;
  private most = 0;

  constructor(private readonly least: number) {}

  add(value: number): void {
    // Further rows never lower the number of differing rows, so counting stops at the threshold.
    if (this.rows - this.most >= this.least) return;
    const count = (this.counts.get(value) ?? 0) + 1;
    this.counts.set(value, count);
    this.most = Math.max(this.most, count);
    this.rows += 1;
  }

  /** Whether some rows differ, but too few. A constant column, or one without repeated values, singles out no row. */
  get areFew(): boolean {
    return this.most > 1 && this.rows > this.most && this.rows - this.most < this.least;
  }
}

/** Throws GROUP_TOO_SMALL if too few rows of a column (of row-major `values`) differ from its most frequent value. */
export function checkApart(
  where: Floor & { readonly path: string; readonly name: string },
  values: Float64Array,
  column: number,
  columns: number,
): void {
  const { party, minGroupRows, path, name } = where;
  const apart = new RowsApart(minGroupRows);
  for (let at = column; at < values.length; at += columns) apart.add(values[at]!);
  if (!apart.areFew) return;
  throw new TaskFailure(
    'GROUP_TOO_SMALL',
    `Party ${party}: under ${minGroupRows} rows of column ${JSON.stringify(name)} of ${path} differ from its most frequent ` +
      'value, so that the result would reveal these rows; leave it out.',
    false,
    { party, column: name, min_rows: minGroupRows },
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
