import { isMissing, toNumber } from '../table/csv-reader.js';
import { Range, Values, type Accumulator } from '../table/accumulators.js';
import { NumericFinder } from '../table/numeric-finder.js';
import { castFailed } from '../table/column-faults.js';
import type { RunningStep, StepKind, StepStart } from './step.js';

const binNum = { type: 'integer', minimum: 2, maximum: 1000, default: 10, description: 'Number of bins.' };

/** Bins of equal size by the column's quantiles. Edges that fall together make fewer bins. */
export const quantileBinning: StepKind<'quantile_binning'> = {
  op: 'quantile_binning',
  title: 'Quantile binning',
  description:
    'Replaces numbers by the index of their bin, from 0; bins hold equal numbers of rows. A bin includes its upper edge.',
  options: { bin_num: binNum },
  required: ['columns'],
  resultKey: 'columns_binned',
  start: (start) =>
    binning(
      start,
      () => new Values(),
      (values, fractions) => values.quantiles(fractions),
    ),
};

/** Bins of equal width between the smallest and the largest value. */
export const equalWidthBinning: StepKind<'equal_width_binning'> = {
  op: 'equal_width_binning',
  title: 'Equal-width binning',
  description:
    'Replaces numbers by the index of their bin, from 0; bins have equal width. A bin includes its upper edge.',
  options: { bin_num: binNum },
  required: ['columns'],
  resultKey: 'columns_binned',
  start: (start) =>
    binning(
      start,
      () => new Range(),
      ({ min, max }, fractions) => fractions.map((fraction) => min + (max - min) * fraction),
    ),
};

function binning<A extends Accumulator>(
  start: StepStart,
  make: () => A,
  edgesAt: (values: A, fractions: readonly number[]) => number[],
): RunningStep {
  const bins = Number(start.options.bin_num ?? 10);
  const numbers = new NumericFinder(start, make);
  let binned: { index: number; name: string; edges: number[] }[] = [];
  return {
    observe: (row, rowNumber) => numbers.observe(row, rowNumber),
    finish() {
      binned = numbers
        .found()
        .filter(({ values }) => values.count > 0)
        .map(({ index, name, values }) => {
          const fractions = Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins);
          return { index, name, edges: [...new Set(edgesAt(values, fractions))] };
        });
    },
    columns: () => start.columns,
    apply(row, rowNumber) {
      for (const { index, name, edges } of binned) {
        if (isMissing(row[index]!)) continue;
        const value = toNumber(row[index]!);
        if (value === undefined) throw castFailed(start.where, name, rowNumber);
        row[index] = String(countBelow(edges, value));
      }
      return row;
    },
    touched: () => binned.map(({ name }) => name),
    rules: () => Object.fromEntries(binned.map(({ name, edges }) => [name, edges])),
  };
}

/** The number of sorted edges strictly below `value`. */
function countBelow(edges: readonly number[], value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
