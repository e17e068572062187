import { defineTask } from '../contract/define-task.js';
import { tableStatisticsSchema } from './table-statistics-config.js';

/** Count, mean, deviation and quartiles of numeric columns (SecretFlow's `table_statistics`). */
export const tableStatistics = defineTask({
  type: 'table_statistics',
  title: 'Table statistics',
  description:
    'Describes the numeric columns of each party: count, mean, sample standard deviation, smallest, largest value and quartiles, exactly for the party itself and rounded for others. ' +
    'Tables of under 20 rows are refused and columns of under 20 values left out.',
  configSchema: tableStatisticsSchema,
  leaves:
    "Rounded figures of a column of at least 20 values: a count in steps of 20, mean and deviation with the 20 values at either end counted as their neighbour, and quartiles as means of 20 neighbours. Whoever sees them for two tables that differ by one row learns at most about 2 bits of a column's value in it.",
  needsParties: true,
  load: async () => (await import('./table-statistics-run.js')).runTableStatistics,
});
