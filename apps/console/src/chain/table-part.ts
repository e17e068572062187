/** More of a table is not shown. */
export const MOST_ROWS = 20;
export const MOST_COLUMNS = 50;

/** The type that the values of a column have, as far as they are shown. */
export type ColumnType = 'integer' | 'number' | 'boolean' | 'time' | 'text' | 'empty';
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

export interface FirstRows {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  /** Whether these are all rows and columns: none cut, and none that cannot be read. */
  readonly isWhole: boolean;
}
