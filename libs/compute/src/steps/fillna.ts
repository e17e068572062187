import { isMissing } from '../table/csv-reader.js';
import { Moments, Values, type Accumulator } from '../table/accumulators.js';
import { NumericFinder } from '../table/numeric-finder.js';
import { unusable } from '../table/column-faults.js';
import type { RunningStep, StepKind, StepStart } from './step.js';
import { ValueCounts, sortedClasses } from './value-counts.js';

interface Fill {
  readonly index: number;
  readonly name: string;
  /** Undefined where the column has no value to learn from. */
  readonly value: string | undefined;
}

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
          start,
          numeric(
            start,
            () => new Moments(),
            (values) => values.mean,
          ),
        );
      case 'median':
        return filling(
          start,
          numeric(
            start,
            () => new Values(),
            (values) => values.quantiles([0.5])[0]!,
          ),
        );
      case 'mode':
        return filling(start, mode(start));
      default:
        return filling(start, constant(start));
    }
  },
};

interface Source {
  observe?: NonNullable<RunningStep['observe']>;
  fills(): Fill[];
}

function filling(start: StepStart, source: Source): RunningStep {
  let fills: Fill[] = [];
  const filled = new Set<string>();
  return {
    ...(source.observe && { observe: source.observe }),
    finish() {
      fills = source.fills();
    },
    columns: () => start.columns,
    apply(row) {
      for (const { index, name, value } of fills) {
        if (!isMissing(row[index]!)) continue;
        if (value === undefined) throw unusable(start.where, name, 'has no value to learn from; fill it by a constant');
        row[index] = value;
        filled.add(name);
      }
      return row;
    },
    touched: () => start.columns.filter((name) => filled.has(name)),
    rules: () => Object.fromEntries(fills.map(({ name, value }) => [name, value ?? null])),
  };
}

function numeric<A extends Accumulator>(start: StepStart, make: () => A, valueOf: (values: A) => number): Source {
  const numbers = new NumericFinder(start, make);
  return {
    observe: (row, rowNumber) => numbers.observe(row, rowNumber),
    fills: () =>
      numbers.found().map(({ index, name, values }) => ({
        index,
        name,
        value: values.count > 0 ? String(valueOf(values)) : undefined,
      })),
  };
}

function mode(start: StepStart): Source {
  const counts = new ValueCounts(start);
  return {
    observe: (row) => counts.observe(row),
    fills: () =>
      counts.found().map(({ index, name, values }) => {
        // The first in order of equally frequent values, so that each run fills alike.
        const most = Math.max(0, ...new Set(values.values()));
        return { index, name, value: sortedClasses(values).find((value) => values.get(value) === most) };
      }),
  };
}

function constant(start: StepStart): Source {
  const value = String(start.options.value ?? 0);
  const indexes = start.chosen ?? start.columns.map((_, index) => index);
  return { fills: () => indexes.map((index) => ({ index, name: start.columns[index]!, value })) };
}
