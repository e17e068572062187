import { Moments } from '../table/accumulators.js';
import { NumericFinder } from '../table/numeric-finder.js';
import { scalesOf } from './scales.js';
import type { StepKind } from './step.js';

/** To mean 0 and deviation 1, by the population's deviation as scikit-learn does. A constant column becomes 0. */
export const standardScaler: StepKind<'standard_scaler'> = {
  op: 'standard_scaler',
  title: 'Standard scaler',
  description: 'Scales numeric columns to mean 0 and standard deviation 1. Without `columns`: every numeric column.',
  options: {
    with_mean: { type: 'boolean', default: true },
    with_std: { type: 'boolean', default: true },
  },
  required: [],
  resultKey: 'columns_scaled',
  start(start) {
    const { with_mean: withMean = true, with_std: withStd = true } = start.options;
    const numbers = new NumericFinder(start, () => new Moments());
    return {
      observe: (row, rowNumber) => numbers.observe(row, rowNumber),
      learn: () => ({
        op: 'standard_scaler',
        columns: scalesOf(numbers, (values) => {
          const deviation = values.deviation(0);
          return { shift: withMean ? values.mean : 0, factor: withStd && deviation > 0 ? 1 / deviation : 1, offset: 0 };
        }),
      }),
    };
  },
};
