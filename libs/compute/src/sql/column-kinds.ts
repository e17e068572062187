import { isMissing, toNumber } from '../table/csv-reader.js';

/** The type of a column in the database. */
export type ColumnKind = 'BIGINT' | 'DOUBLE' | 'VARCHAR';

/** Whole numbers that BIGINT holds, each in the one way in which it is written again. */
const WHOLE = /^(0|-?[1-9]\d{0,17})$/;
/** Numbers whose text says more than their value, such as codes with zeros before them, and whole ones that a double rounds. */
const CODE = /^[\s+]|\s$|^-?0\d|^-?\d{16}/;

/**
 * Finds the type of each column of a table: BIGINT or DOUBLE where every field that is not missing is such a number and loses nothing by
 * it, else VARCHAR, so that ids come out as they went in.
 */
export class ColumnKinds {
  private readonly found: { filled: boolean; whole: boolean; number: boolean }[];

  constructor(columns: number) {
    this.found = Array.from({ length: columns }, () => ({ filled: false, whole: true, number: true }));
  }

  note(row: readonly string[]): void {
    for (const [at, column] of this.found.entries()) {
      const field = row[at]!;
      if ((!column.whole && !column.number) || isMissing(field)) continue;
      column.filled = true;
      column.whole &&= WHOLE.test(field);
      column.number &&= !CODE.test(field) && toNumber(field) !== undefined;
    }
  }

  get kinds(): readonly ColumnKind[] {
    return this.found.map(({ filled, whole, number }) => {
      if (!filled) return 'VARCHAR';
      return whole ? 'BIGINT' : number ? 'DOUBLE' : 'VARCHAR';
    });
  }
}

/** A field as the database takes it: NULL where it is missing. */
export function valueOf(field: string, kind: ColumnKind): bigint | number | string | null {
  if (isMissing(field)) return null;
  return kind === 'BIGINT' ? BigInt(field) : kind === 'DOUBLE' ? toNumber(field)! : field;
}
