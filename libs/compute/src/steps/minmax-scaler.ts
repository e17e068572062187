import { Range } from '../table/accumulators.js';
import { NumericFinder } from '../table/numeric-finder.js';
import { scalesOf } from './scales.js';
import type { StepKind } from './step.js';

/** To a range, by the smallest and the largest value. A constant column becomes the range's lower end. */
export const minmaxScaler: StepKind<'minmax_scaler'> = {
  op: 'minmax_scaler',
  title: 'Min-max scaler',
  description: 'Scales numeric columns to a range. Without `columns`: every numeric column.',
  options: {
    feature_range: {
      type: 'array',
      items: { type: 'number' },
      minItems: 2,
      maxItems: 2,
      default: [0, 1],
      description: 'Lower and upper bound.',
    },
  },
  required: [],
  resultKey: 'columns_scaled',
  start(start) {
    const [low, high] = (start.options.feature_range ?? [0, 1]) as [number, number];
    const numbers = new NumericFinder(start, () => new Range());
    return {
      observe: (row, rowNumber) => numbers.observe(row, rowNumber),
      learn: () => ({
        op: 'minmax_scaler',
        columns: scalesOf(numbers, ({ min, max }) => ({
          shift: min,
          factor: max > min ? (high - low) / (max - min) : 1,
          offset: low,
        })),
      }),
    };
  },
};
