import { isMissing, toNumber } from './csv-reader.js';
import type { Accumulator } from './accumulators.js';
import { castFailed, unusable, type Where } from './column-faults.js';

/** The columns of a table to look at. */
export interface ColumnChoice {
  readonly where: Where;
  readonly columns: readonly string[];
  /** Positions of the chosen columns; null if none were named, and the task chooses. */
  readonly chosen: readonly number[] | null;
}

export interface NumericColumn<A extends Accumulator> {
  readonly index: number;
  readonly name: string;
  readonly values: A;
}

interface Gathered<A extends Accumulator> extends NumericColumn<A> {
  /** The first data row whose field is no number. */
  brokenAt?: number;
}

/** Gathers the numbers of the chosen columns. If none were named, it finds the columns that hold only numbers and gaps. */
export class NumericFinder<A extends Accumulator> {
  private live: Gathered<A>[];

  constructor(
    private readonly start: ColumnChoice,
    make: () => A,
  ) {
    const indexes = start.chosen ?? start.columns.map((_, index) => index);
    this.live = indexes.map((index) => ({ index, name: start.columns[index]!, values: make() }));
  }

  observe(row: readonly string[], rowNumber: number): void {
    for (const column of this.live) {
      const field = row[column.index]!;
      const value = toNumber(field);
      if (value !== undefined) column.values.add(value);
      else if (isMissing(field)) continue;
      else if (this.start.chosen) column.brokenAt ??= rowNumber;
      else this.live = this.live.filter((other) => other !== column);
    }
  }

  /**
   * The numeric columns, once every row has been observed; those that were named even when they are empty. Throws TaskFailure for a named
   * column: NON_NUMERIC where it holds no number but something else, CAST_FAILED where a field of it is no number.
   */
  found(): readonly NumericColumn<A>[] {
    if (!this.start.chosen) return this.live.filter((column) => column.values.count > 0);
    for (const { name, values, brokenAt } of this.live) {
      if (brokenAt === undefined) continue;
      if (values.count > 0) throw castFailed(this.start.where, name, brokenAt);
      throw unusable(this.start.where, name, 'holds no number: encode or drop it first', 'NON_NUMERIC');
    }
    return this.live;
  }
}
