/** What a run opens of one column to others, as the party's process counts it before it opens anything. */
export interface OpenedColumn {
  readonly column: string;
  readonly figures: number;
  /** Of each figure. */
  readonly bits: number;
  /** Of the table at hand. */
  readonly rows: number;
  /** Distinct values, up to `FEW_VALUES + 1`. */
  readonly distinct: number;
}

/** What one run opened, as a ledger keeps it. */
export interface Opening {
  readonly datasets: readonly string[];
  /** By column, or by `DERIVED`: bits. */
  readonly bits: Readonly<Record<string, number>>;
  /** The part of `bits` about columns of few values. Absent in older notes, where all count. */
  readonly codes?: Readonly<Record<string, number>>;
  /** Rows of the table that the figures were about. Absent in older notes, which count towards tables of any size. */
  readonly over?: number;
  /** Set where it follows from the party's table alone. */
  readonly own?: string;
}

/** A column of at most so many distinct values may be a code, which a few figures with chosen columns read row by row. */
export const FEW_VALUES = 16;
/** Stands for all columns that no registered version of the dataset has: they were made of those that one has. */
export const DERIVED = '*';

export interface Overdraft {
  readonly dataset: string;
  readonly column: string;
  /** Before this run. */
  readonly opened: number;
  readonly asked: number;
  readonly limit: number;
}

/** How a dataset is counted. `columns` are those that were registered; undefined where nothing is registered, and every column counts by its name. */
export interface Account {
  readonly dataset: string;
  readonly columns: ReadonlySet<string> | undefined;
  /** Bits of any one column that the owner allows. */
  readonly limit: number | undefined;
}

/** What a run asks to open. */
export interface Asked {
  readonly columns: readonly OpenedColumn[];
  /** What figures these are, where they follow from this party's table alone: the same of the same table again open nothing more. */
  readonly own?: string;
  /** Whether each figure is about all the columns together: under a name that several of them have, it counts once. */
  readonly joint?: boolean;
  /** The part of what is left that it may take: for figures that a task can do without. Default: all of it. */
  readonly share?: number;
}

/** What a ledger keeps of figures, to count them by {@link overdraftOf}. */
export function countsOf(known: Account['columns'], opened: Asked): Pick<Opening, 'bits' | 'codes' | 'over'> {
  const few = opened.columns.filter(({ distinct }) => distinct <= FEW_VALUES);
  return {
    bits: bitsOf(known, opened),
    codes: bitsOf(known, { ...opened, columns: few }),
    over: Math.max(0, ...opened.columns.map(({ rows }) => rows)),
  };
}

/** The bits that a run opens, by the name under which they are counted: that of a column that is `known`, or `DERIVED`. */
export function bitsOf(
  known: Account['columns'],
  { columns, joint = false }: Pick<Asked, 'columns' | 'joint'>,
): Readonly<Record<string, number>> {
  const byColumn = new Map<string, number>();
  for (const { column, figures, bits } of columns) byColumn.set(column, (byColumn.get(column) ?? 0) + figures * bits);
  const bits: Record<string, number> = {};
  for (const [column, more] of byColumn) {
    const name = nameIn(known, column);
    bits[name] = joint ? Math.max(bits[name] ?? 0, more) : (bits[name] ?? 0) + more;
  }
  return bits;
}

/**
 * The first column of which more would be open than half a bit a row, or than the owner allows, with all that was opened
 * `before` of any version of the dataset and of what was made of it. Undefined where all fits. Figures about a table may not pass half its rows together with
 * those about smaller ones, and are counted in the same way for each larger table that figures are open about: a part of the rows has its share and
 * takes from the whole. What follows from the party's table alone
 * (`own`) is nothing that others choose: it counts towards what the owner allows.
 */
export function overdraftOf(account: Account, opened: Asked, before: readonly Opening[]): Overdraft | undefined {
  const { dataset } = account;
  const { share = 1 } = opened;
  const spent = (name: string, entries: readonly Opening[]): number =>
    entries.reduce((sum, { datasets, bits }) => sum + (datasets.includes(dataset) ? (bits[name] ?? 0) : 0), 0);
  const codesOf = (entry: Opening): Opening => ({ ...entry, bits: entry.codes ?? entry.bits });
  const chosen = before.filter(({ own }) => own === undefined).map(codesOf);
  const asks = bitsOf(account.columns, opened);
  for (const { column, rows, distinct } of opened.columns) {
    const name = nameIn(account.columns, column);
    const asked = asks[name]!;
    const isCode = distinct <= FEW_VALUES && opened.own === undefined;
    const sizes = isCode ? new Set([rows, ...chosen.map(({ over = 0 }) => over).filter((over) => over > rows)]) : [];
    for (const [limit, entries] of [
      ...[...sizes].map((size) => [Math.floor(size / 2), chosen.filter(({ over = 0 }) => over <= size)] as const),
      [account.limit ?? Infinity, before] as const,
    ]) {
      const already = spent(name, entries) + (name === DERIVED ? 0 : spent(DERIVED, entries));
      if (asked > 0 && asked > share * (limit - already)) return { dataset, column, opened: already, asked, limit };
    }
  }
  return undefined;
}

function nameIn(known: Account['columns'], column: string): string {
  return known === undefined || known.has(column) ? column : DERIVED;
}
