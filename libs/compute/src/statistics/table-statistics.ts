import { defineTask } from '../contract/define-task.js';
import { tableStatisticsSchema } from './table-statistics-config.js';

/** Count, mean, deviation and quartiles of numeric columns (SecretFlow's `table_statistics`). */
export const tableStatistics = defineTask({
  type: 'table_statistics',
  title: 'Table statistics',
  description:
    'Describes the numeric columns of each party: count, mean, sample standard deviation, smallest, largest value and quartiles. ' +
    'Tables of under 20 rows are refused and columns of under 20 values left out.',
  configSchema: tableStatisticsSchema,
  leaves:
    "A column's own aggregates, of at least 20 values. The smallest and the largest are single values; a quartile may be one too.",
  needsParties: true,
  load: async () => (await import('./table-statistics-run.js')).runTableStatistics,
});
