import { coarseRows, rounded } from '../contract/coarse.js';
import { MIN_GROUP_ROWS } from '../contract/privacy.js';
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

/** With fewer values a window around a quartile would reach the smallest or the largest. */
const MIN_QUARTILE_ROWS = 4 * MIN_GROUP_ROWS;

/** Why a figure is null, by its path in a result. */
export const WITHHELD_STATISTICS = {
  'statistics.*.min': 'The smallest value is a single row’s.',
  'statistics.*.max': 'The largest value is a single row’s.',
  'statistics.*.25%': `Null where a column has under ${MIN_QUARTILE_ROWS} values.`,
  'statistics.*.50%': `Null where a column has under ${MIN_QUARTILE_ROWS} values.`,
  'statistics.*.75%': `Null where a column has under ${MIN_QUARTILE_ROWS} values.`,
} as const;

/**
 * A column of at least `MIN_GROUP_ROWS` values as others see it. Mean and deviation are of the winsorised values, a quartile is the mean
 * of the values around it. Each is rounded to the standard error of the mean at the finest, about as much as one row moves it at most.
 */
export function coarseStatistics(values: Values): CoarseStatistics {
  const { count } = values;
  const moments = values.winsorised(Math.min(MIN_GROUP_ROWS, Math.floor(count / 4)));
  const deviation = moments.deviation(1);
  const step = deviation / Math.sqrt(count);
  const quartile = (share: number): number | null => {
    if (count < MIN_QUARTILE_ROWS) return null;
    const from = Math.round((count - MIN_GROUP_ROWS) * share);
    return rounded(values.meanOfRanks(from, from + MIN_GROUP_ROWS - 1), step);
  };
  return {
    count: coarseRows(count),
    mean: rounded(moments.mean, step),
    std: rounded(deviation, step),
    min: null,
    '25%': quartile(0.25),
    '50%': quartile(0.5),
    '75%': quartile(0.75),
    max: null,
  };
}
