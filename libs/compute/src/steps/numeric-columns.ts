import { isMissing, toNumber } from '../table/csv-reader.js';
import type { Accumulator } from './accumulators.js';
import { nonNumeric, type StepStart } from './step.js';

export interface NumericColumn<A extends Accumulator> {
  readonly index: number;
  readonly name: string;
  readonly values: A;
}

/**
 * Gathers the numbers of a step's columns. A named column that holds anything else fails the task (NON_NUMERIC); when
 * none were named, the numeric ones are found by looking: those with a number and nothing but numbers or gaps.
 */
export class NumericColumns<A extends Accumulator> {
  private live: NumericColumn<A>[];

  constructor(
    private readonly start: Pick<StepStart, 'where' | 'columns' | 'chosen'>,
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
      else if (!isMissing(field)) this.drop(column, rowNumber);
    }
  }

  /** The numeric columns; those that were named even when they are empty. */
  found(): readonly NumericColumn<A>[] {
    return this.start.chosen ? this.live : this.live.filter((column) => column.values.count > 0);
  }

  private drop(column: NumericColumn<A>, rowNumber: number): void {
    if (this.start.chosen) throw nonNumeric(this.start.where, column.name, rowNumber);
    this.live = this.live.filter((other) => other !== column);
  }
}
