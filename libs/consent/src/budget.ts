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

/** How a dataset is counted. `columns` are those that were registered; undefined where they are not known. */
export interface Account {
  readonly dataset: string;
  readonly columns: ReadonlySet<string> | undefined;
  /** Bits of any one column that the owner allows. */
  readonly limit: number | undefined;
}

/** The bits that a run opens of a dataset, by the name under which they are counted. */
export function bitsOf(account: Account, opened: readonly OpenedColumn[]): Readonly<Record<string, number>> {
  const bits: Record<string, number> = {};
  for (const each of opened) {
    const name = nameIn(account, each.column);
    bits[name] = (bits[name] ?? 0) + each.figures * each.bits;
  }
  return bits;
}

/**
 * The first column of which more would be open than half a bit a row, or than the owner allows, with all that was opened
 * `before` of any version of the dataset and of what was made of it. Undefined where all fits.
 */
export function overdraftOf(
  account: Account,
  opened: readonly OpenedColumn[],
  before: readonly Opening[],
): Overdraft | undefined {
  const { dataset } = account;
  const spent = (name: string): number =>
    before.reduce((sum, { datasets, bits }) => sum + (datasets.includes(dataset) ? (bits[name] ?? 0) : 0), 0);
  const asks = bitsOf(account, opened);
  for (const { column, rows, distinct } of opened) {
    const name = nameIn(account, column);
    const already = spent(name) + (name === DERIVED ? 0 : spent(DERIVED));
    const limit = Math.min(distinct <= FEW_VALUES ? Math.floor(rows / 2) : Infinity, account.limit ?? Infinity);
    const asked = asks[name]!;
    if (asked > 0 && already + asked > limit) return { dataset, column, opened: already, asked, limit };
  }
  return undefined;
}

function nameIn({ columns }: Account, column: string): string {
  return columns === undefined || columns.has(column) ? column : DERIVED;
}
