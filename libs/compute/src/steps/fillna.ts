import type { FillRule } from '../rules/rule-types.js';
import { Moments, Values, type Accumulator } from '../table/accumulators.js';
import { NumericFinder } from '../table/numeric-finder.js';
import type { LearningStep, StepKind, StepStart } from './step.js';
import { ValueCounts, sortedClasses } from './value-counts.js';

interface Source {
  observe?: NonNullable<LearningStep['observe']>;
  fills(): FillRule[];
}

/** Without a value where the column has none to learn from. */
const fillOf = (column: string, value: string | undefined): FillRule => ({ column, kind: 'any', fill: value ?? null });

/** Fills gaps (empty, NA, NaN, null) with one value a column. */
export const fillna: StepKind<'fillna'> = {
  op: 'fillna',
  title: 'Fill missing values',
  description:
    'Fills gaps by the mean, median or most frequent value of the column, or by a constant. ' +
    'Without `columns`: every column, for mean and median every numeric one.',
  options: {
    method: { type: 'string', enum: ['mean', 'median', 'mode', 'constant'], default: 'mean' },
    value: { type: ['number', 'string'], description: 'For `constant`.' },
  },
  required: [],
  resultKey: 'columns_filled',
  start(start) {
    switch (start.options.method ?? 'mean') {
      case 'mean':
        return filling(
          numeric(
            start,
            () => new Moments(),
            (values) => values.mean,
          ),
        );
      case 'median':
        return filling(
          numeric(
            start,
            () => new Values(),
            (values) => values.quantiles([0.5])[0]!,
          ),
        );
      case 'mode':
        return filling(mode(start));
      default:
        return filling(constant(start));
    }
  },
};

function filling(source: Source): LearningStep {
  return {
    ...(source.observe && { observe: source.observe }),
    learn: () => ({ op: 'fillna', columns: source.fills() }),
  };
}

function numeric<A extends Accumulator>(start: StepStart, make: () => A, valueOf: (values: A) => number): Source {
  const numbers = new NumericFinder(start, make);
  return {
    observe: (row, rowNumber) => numbers.observe(row, rowNumber),
    fills: () =>
      numbers.found().map(({ name, values }) => fillOf(name, values.count > 0 ? String(valueOf(values)) : undefined)),
  };
}

function mode(start: StepStart): Source {
  const counts = new ValueCounts(start);
  return {
    observe: (row) => counts.observe(row),
    fills: () =>
      counts.found().map(({ name, values }) => {
        // The first in order of equally frequent values, so that each run fills alike.
        const most = Math.max(0, ...new Set(values.values()));
        return fillOf(
          name,
          sortedClasses(values).find((value) => values.get(value) === most),
        );
      }),
  };
}

function constant(start: StepStart): Source {
  const value = String(start.options.value ?? 0);
  const indexes = start.chosen ?? start.columns.map((_, index) => index);
  return { fills: () => indexes.map((index) => fillOf(start.columns[index]!, value)) };
}
