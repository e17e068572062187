import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import { epsilonOf, thousandthsOf } from '../contract/epsilon.js';
import type { ParamFault } from '../contract/task-type.js';
import { tableStatisticsSchema, type TableStatisticsConfig } from './table-statistics-config.js';

/** Count, mean, deviation and quartiles of numeric columns (SecretFlow's `table_statistics`). */
export const tableStatistics = defineTask({
  type: 'table_statistics',
  title: 'Table statistics',
  description:
    'Describes the numeric columns of each party: count, mean, sample standard deviation, smallest, largest value and quartiles, exactly for the party itself and rounded for others. ' +
    'Tables of under 20 rows are refused and columns of under 20 values left out. With epsilon others see differentially private figures instead.',
  configSchema: tableStatisticsSchema,
  leaves:
    "Rounded figures of a column of at least 20 values: a count in steps of 20, mean and deviation with the 20 values at either end counted as their neighbour, and quartiles as means of 20 neighbours. Whoever sees them for two tables that differ by one row learns at most about 2 bits of a column's value in it. " +
    'With epsilon instead: counts, sums, means, quartiles and histograms with fresh noise in whole numbers. A row more or less changes the probability of whatever is seen by a factor of exp(epsilon) at most, over all columns together; the epsilons of several tasks add up.',
  needsParties: true,
  check: epsilonFaults,
  load: async () => (await import('./table-statistics-run.js')).runTableStatistics,
});

function epsilonFaults({ epsilon, figures }: Unresolved<TableStatisticsConfig>): ParamFault[] {
  if (epsilon === undefined) {
    return figures === undefined
      ? []
      : [{ pointer: '/figures', message: 'says what is drawn with epsilon: give both' }];
  }
  if (typeof epsilon === 'string' || epsilon === epsilonOf(thousandthsOf(epsilon))) return [];
  return [{ pointer: '/epsilon', message: 'has more than three decimals' }];
}
