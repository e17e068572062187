import { Range, Values, type Accumulator } from '../table/accumulators.js';
import { NumericFinder } from '../table/numeric-finder.js';
import type { LearningStep, StepKind, StepStart } from './step.js';

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
      'quantile_binning',
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
      'equal_width_binning',
      start,
      () => new Range(),
      ({ min, max }, fractions) => fractions.map((fraction) => min + (max - min) * fraction),
    ),
};

function binning<A extends Accumulator>(
  op: 'quantile_binning' | 'equal_width_binning',
  start: StepStart,
  make: () => A,
  edgesAt: (values: A, fractions: readonly number[]) => number[],
): LearningStep {
  const bins = Number(start.options.bin_num ?? 10);
  const fractions = Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins);
  const numbers = new NumericFinder(start, make);
  return {
    observe: (row, rowNumber) => numbers.observe(row, rowNumber),
    learn: () => ({
      op,
      columns: numbers
        .found()
        .filter(({ values }) => values.count > 0)
        .map(({ name, values }) => ({
          column: name,
          kind: 'number',
          edges: [...new Set(edgesAt(values, fractions))],
        })),
    }),
  };
}
