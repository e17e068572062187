import { coarseRows, rounded } from '../contract/coarse.js';
import { MIN_GROUP_ROWS } from '#libs/consent';
import type { Values } from '../table/accumulators.js';

/** What others see of a column: no figure is one row's value. */
export type CoarseStatistics = {
  count: number;
  mean: number;
  std: number;
  min: null;
  '25%': number | null;
  '50%': number | null;
  '75%': number | null;
  max: null;
};

/** With fewer values than so many groups a window around a quartile would reach the smallest or the largest. */
const QUARTILE_GROUPS = 4;

const FEW_VALUES =
  `Null where a column has under ${QUARTILE_GROUPS * MIN_GROUP_ROWS} values, or under ${QUARTILE_GROUPS} times ` +
  `what the owner’s policy says in min_group_rows.`;

/** Why a figure is null, by its path in a result. */
export const WITHHELD_STATISTICS = {
  'statistics.*.min': 'The smallest value is a single row’s.',
  'statistics.*.max': 'The largest value is a single row’s.',
  'statistics.*.25%': FEW_VALUES,
  'statistics.*.50%': FEW_VALUES,
  'statistics.*.75%': FEW_VALUES,
} as const;

/**
 * A column of at least `least` values as others see it. Mean and deviation are of the winsorised values, a quartile is the mean
 * of the `least` values around it. Each is rounded to the standard error of the mean at the finest, about as much as one row moves it at most.
 */
export function coarseStatistics(values: Values, least: number): CoarseStatistics {
  const { count } = values;
  const moments = values.winsorised(Math.min(least, Math.floor(count / 4)));
  const deviation = moments.deviation(1);
  const step = deviation / Math.sqrt(count);
  const quartile = (share: number): number | null => {
    if (count < QUARTILE_GROUPS * least) return null;
    const from = Math.round((count - least) * share);
    return rounded(values.meanOfRanks(from, from + least - 1), step);
  };
  return {
    count: coarseRows(count, least),
    mean: rounded(moments.mean, step),
    std: rounded(deviation, step),
    min: null,
    '25%': quartile(0.25),
    '50%': quartile(0.5),
    '75%': quartile(0.75),
    max: null,
  };
}
