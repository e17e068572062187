import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import { escape } from '../contract/json-values.js';
import type { ParamFault } from '../contract/task-type.js';
import { groupbyStatisticsSchema, type GroupbyStatisticsConfig } from './groupby-statistics-config.js';

/** Statistics by group of a party's own table (SecretFlow's `groupby_statistics`). */
export const groupbyStatistics = defineTask({
  type: 'groupby_statistics',
  title: 'Statistics by group',
  description:
    "Groups the rows of each party's table by the values of its columns, and describes its numeric columns in each group: count, sum, mean, min, max and var. " +
    'The groups are a new table of the party.',
  configSchema: groupbyStatisticsSchema,
  leaves:
    'The number of rows of the table in steps of 20. The groups, their number and their statistics stay with the party. The new table counts as rows that ' +
    'somebody chose by the columns of the groups, one row for each, whose values were learnt from the whole table: later figures of it are judged as figures of both.',
  needsParties: true,
  check,
  load: async () => (await import('./groupby-statistics-run.js')).runGroupbyStatistics,
});

function check({ input_data: tables, by }: Unresolved<GroupbyStatisticsConfig>): ParamFault[] {
  if (typeof tables === 'string' || typeof by === 'string') return [];
  return Object.keys(tables)
    .filter((party) => !Object.hasOwn(by, party))
    .map((party) => ({ pointer: `/by/${escape(party)}`, message: 'is required: each table needs its groups' }));
}
