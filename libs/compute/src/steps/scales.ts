import type { ScaleRule } from '../rules/rule-types.js';
import type { Accumulator } from '../table/accumulators.js';
import type { NumericFinder } from '../table/numeric-finder.js';

/** The rule of each column that has a number. */
export const scalesOf = <A extends Accumulator>(
  numbers: NumericFinder<A>,
  scaleOf: (values: A) => Pick<ScaleRule, 'shift' | 'factor' | 'offset'>,
): ScaleRule[] =>
  numbers
    .found()
    .filter(({ values }) => values.count > 0)
    .map(({ name, values }) => ({ column: name, kind: 'number', ...scaleOf(values) }));
