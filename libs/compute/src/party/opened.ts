import {
  countsOf,
  FEW_VALUES,
  overdraftOf,
  type Asked,
  type OpenedColumn,
  type Opening,
  type Overdraft,
} from '#libs/consent';
import { TaskFailure, type JsonObject } from '../contract/task-type.js';
import type { OutputRows } from './row-sets.js';

/** What a run opens of a party's table to others. */
export interface Opened extends Asked {
  /** The parties that learn it. Default: all others, as they read the result. */
  readonly to?: readonly string[];
  /** The parties of a sum, where only the sum is opened. */
  readonly members?: readonly string[];
  /** What is opened besides figures about columns: how many of each kind. It is noted for the owner, and not charged. */
  readonly counts?: Readonly<Record<string, number>>;
  /** The columns by whose values `counts.keys` rows at most are matched with another party's. */
  readonly keys?: readonly string[];
  /** Of all figures of the run together, where they are differentially private. */
  readonly epsilon?: number;
  /** Set where others see something that depends on the rows that were read, beside figures: how a run failed, or a length. */
  readonly ofRows?: true;
  /** The rows of a table that this is about, and all that follows in the run, and how it fails. Default: all rows of what was read. */
  readonly rows?: OutputRows;
}

/** Whether what is opened is about all rows of a table: keys and predictions are of single rows whatever the others are. */
export const isAboutRows = ({ columns, members, ofRows }: Opened): boolean =>
  columns.length > 0 || members !== undefined || ofRows === true;

/** Bits of a figure, as results round them. */
export const BITS = {
  /** Three digits between -1 and 1. */
  correlation: 11,
  /** A statistic or a metric of three digits. */
  statistic: 10,
  /** z of a coefficient: its sign, and 1,901 sizes; or a coefficient: one of 4,096. */
  coefficient: 12,
  /** Points of the values of a column, whole numbers within +-2000: they show one coefficient. */
  points: 18,
  /** Points of one value. */
  point: 12,
  /** Pass or fail, or one of two parties. */
  verdict: 1,
  /** Three digits of any size and sign: log2 of 2 x 900 x 617 decades of a double. */
  number: 21,
  /** A mean of squares: three digits in five decades, or 0. */
  loss: 13,
  /** A share between -1 and 1, to 1/1024. */
  explained: 11,
  /** A size, as a power of two. */
  scale: 6,
} as const;

/** Bits that say which of so many ends a task came to. */
export const bitsOfEnds = (ends: number): number => Math.ceil(Math.log2(ends));

/** The number of distinct values of a column of row-major `values`, up to one more than `FEW_VALUES`. */
function distinctIn(values: ArrayLike<number>, column = 0, columns = 1): number {
  const seen = new Set<number>();
  for (let at = column; at < values.length && seen.size <= FEW_VALUES; at += columns) seen.add(values[at]!);
  return seen.size;
}

/** As many figures about each column of a row-major table. */
export const openedOf = (
  {
    names,
    values,
    rows,
  }: { readonly names: readonly string[]; readonly values: ArrayLike<number>; readonly rows: number },
  figures: number,
  bits: number,
): OpenedColumn[] =>
  names.map((column, at) => ({ column, figures, bits, rows, distinct: distinctIn(values, at, names.length) }));

/**
 * Counts the first of these that fits, and returns its place: from all that a task would show to the least that it can do with. Throws
 * TaskFailure BUDGET_EXHAUSTED where not even the last one fits.
 */
export async function reserveFirst(
  context: { reserve(opened: Opened): Promise<void> },
  wishes: readonly Opened[],
): Promise<number> {
  for (const [at, wish] of wishes.entries()) {
    const fault = await context.reserve(wish).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (fault === undefined) return at;
    const isTooMuch = fault instanceof TaskFailure && fault.code === 'BUDGET_EXHAUSTED';
    if (!isTooMuch || at + 1 === wishes.length) throw fault;
  }
  return wishes.length;
}

/** Why others see nothing of figures that the party's own readers may have, by the code of the refusal. */
const WHY_WITHHELD: Readonly<Record<string, string>> = {
  GROUP_TOO_SMALL: 'The table has fewer rows than figures for others must cover.',
  ROWS_TOO_CLOSE: 'Rows of the table were chosen, and differ by few from rows whose figures are open already.',
  BUDGET_EXHAUSTED: 'What was opened of the dataset before leaves no room.',
};

/** Figures of a party's table that only the party's own readers may have: why, for others, and the refusal itself. */
export interface Withheld {
  readonly why: string;
  readonly refusal: TaskFailure;
}

/** Counts what others would see of a party's table. Returns why they may not see it, or undefined where they may. */
export async function withheldBy(counting: () => Promise<unknown>): Promise<Withheld | undefined> {
  try {
    await counting();
    return undefined;
  } catch (refusal) {
    const why = refusal instanceof TaskFailure ? WHY_WITHHELD[refusal.code] : undefined;
    if (why === undefined) throw refusal;
    return { why, refusal: refusal as TaskFailure };
  }
}

/**
 * Why others may see nothing of rows on which a run failed, or undefined where the failure may be seen. A type that succeeds where others see nothing
 * asks this of a failure, too: it would tell them that these rows are none of those that it can take.
 */
export async function withheldFailure(
  context: { reserve(opened: Opened): Promise<void> },
  failure: unknown,
): Promise<Withheld | undefined> {
  if (!(failure instanceof TaskFailure) || failure.retryable) return undefined;
  return withheldBy(() => context.reserve({ columns: [], ofRows: true }));
}

/** Says to the party's own readers why there are no figures. Throws what is no TaskFailure. */
export function keepFailure(context: { keepResult(result: JsonObject): void }, failure: unknown): void {
  if (!(failure instanceof TaskFailure)) throw failure;
  context.keepResult({ failure: { code: failure.code, message: failure.message } });
}

/** Predictions of one party's rows for the other: the purpose of the task, so that the owner reads how many there were. */
export const predictionsFor = (receiver: string, rows: number): Opened => ({
  columns: [],
  to: [receiver],
  counts: { predictions: rows },
});

/** Counts within one run, where the folder has no owner and so no ledger. */
export class OpenedHere {
  private readonly before: Opening[] = [];

  constructor(private readonly party: string) {}

  reserve(opened: Opened): void {
    const account = { dataset: '', columns: undefined, limit: undefined };
    const overdraft = overdraftOf(account, opened, this.before);
    if (overdraft !== undefined) throw exhausted(this.party, overdraft);
    const { own } = opened;
    this.before.push({ datasets: [''], ...countsOf(undefined, opened), ...(own !== undefined && { own }) });
  }
}

export function exhausted(party: string, { dataset, column, opened, asked, limit }: Overdraft): TaskFailure {
  const where = dataset === '' ? 'its table' : `the dataset ${dataset}`;
  return new TaskFailure(
    'BUDGET_EXHAUSTED',
    `Party ${party}: the task opens ${asked} bits about column ${JSON.stringify(column)} of ${where}; ${opened} were opened before, ` +
      `and ${limit} are allowed over all tasks. A column of at most ${FEW_VALUES} distinct values may be opened to half a bit a row, ` +
      'and the owner may allow less. Ask for fewer figures, leave the column out, or take a table of more rows. The owner sees what ' +
      'was opened with "task-chain datasets ledger".',
    false,
    { party, dataset, column, opened, asked, limit },
  );
}
