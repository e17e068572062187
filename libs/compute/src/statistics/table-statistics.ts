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
    'Of tables of under 20 rows others see nothing; columns of under 20 values are left out. With epsilon others see differentially private figures instead, with joint of the rows of all parties together alone.',
  configSchema: tableStatisticsSchema,
  leaves:
    "Rounded figures of a column of at least 20 values: a count in steps of 20, mean and deviation with the 20 values at either end counted as their neighbour, and quartiles as means of 20 neighbours. Whoever sees them for two tables that differ by one row learns at most about 2 bits of a column's value in it. " +
    'With epsilon instead: counts, sums, means, quartiles and histograms with fresh noise in whole numbers. A row more or less changes the probability of whatever is seen by a factor of exp(epsilon) at most, over all columns together; the epsilons of several tasks add up. ' +
    'With joint, such figures of the rows of all parties together alone: names and bounds of columns cross, keys, sealed shares, signatures, and masked vectors to which each party has added all its noise. So the factor also holds against all other parties together.',
  needsParties: true,
  check: epsilonFaults,
  load: async () => (await import('./table-statistics-run.js')).runTableStatistics,
});

function epsilonFaults(config: Unresolved<TableStatisticsConfig>): ParamFault[] {
  const { input_data: tables, columns, epsilon, figures, joint = false } = config;
  const faults: ParamFault[] = [];
  if (epsilon === undefined) {
    if (figures !== undefined)
      faults.push({ pointer: '/figures', message: 'says what is drawn with epsilon: give both' });
    if (joint !== false) faults.push({ pointer: '/joint', message: 'adds up figures with epsilon: give both' });
  } else if (typeof epsilon !== 'string' && epsilon !== epsilonOf(thousandthsOf(epsilon))) {
    faults.push({ pointer: '/epsilon', message: 'has more than three decimals' });
  }
  if (joint !== true) return faults;
  if (typeof tables !== 'string' && Object.keys(tables).length < 2)
    faults.push({ pointer: '/joint', message: 'adds up the tables of two parties or more' });
  if (typeof columns === 'object' && columns !== null && !Array.isArray(columns))
    faults.push({ pointer: '/columns', message: 'with joint is one list: every table has these columns' });
  return faults;
}
