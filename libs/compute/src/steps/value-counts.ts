import { isMissing } from '../table/csv-reader.js';
import { unusable } from '../table/column-faults.js';
import type { StepStart } from './step.js';

/** Different values of a column that a step may hold in memory. */
const MAX_VALUES = 1_000_000;

/** Counts each value of the chosen columns; gaps do not count. */
export class ValueCounts {
  private readonly counts: { index: number; name: string; values: Map<string, number> }[];

  constructor(
    private readonly start: StepStart,
    private readonly max: number = MAX_VALUES,
  ) {
    const indexes = start.chosen ?? start.columns.map((_, index) => index);
    this.counts = indexes.map((index) => ({ index, name: start.columns[index]!, values: new Map() }));
  }

  observe(row: readonly string[]): void {
    for (const { index, name, values } of this.counts) {
      const field = row[index]!;
      if (isMissing(field)) continue;
      values.set(field, (values.get(field) ?? 0) + 1);
      if (values.size > this.max) {
        throw unusable(this.start.where, name, `has more than ${this.max} different values`, 'TOO_MANY_CLASSES');
      }
    }
  }

  found(): readonly { index: number; name: string; values: ReadonlyMap<string, number> }[] {
    return this.counts;
  }
}

/** Classes in a fixed order: by number where all are numbers, else by code unit. */
export function sortedClasses(values: ReadonlyMap<string, number>): string[] {
  const classes = [...values.keys()];
  const numeric = classes.every((value) => value.trim() !== '' && Number.isFinite(Number(value)));
  const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return classes.sort(numeric ? (a, b) => Number(a) - Number(b) || byText(a, b) : byText);
}
