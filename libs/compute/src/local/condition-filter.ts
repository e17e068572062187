import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import { escape } from '../contract/json-values.js';
import type { ParamFault } from '../contract/task-type.js';
import { expressionFaults } from '../expression/expression-faults.js';
import { conditionFilterSchema, type ConditionFilterConfig } from './condition-filter-config.js';

/** Rows by a condition on a party's own columns (SecretFlow's `condition_filter` and `expr_condition_filter`). */
export const conditionFilter = defineTask({
  type: 'condition_filter',
  title: 'Rows by a condition',
  description:
    "Keeps the rows of each party's table whose condition holds, and the other rows in a second table, both in the order of the table. " +
    'On the table of a party that did not create the chain each such task waits for a person of that party, who reads the condition.',
  configSchema: conditionFilterSchema,
  leaves:
    'The number of rows of the whole table in steps of 20. How many of them are kept stays with the party. Both tables are chosen rows: later figures ' +
    'of them are judged as such, psi matches them by the columns of the condition alone, and a later task shows their number in steps of 20.',
  needsParties: true,
  check,
  load: async () => (await import('./condition-filter-run.js')).runConditionFilter,
});

function check({ input_data: tables, conditions }: Unresolved<ConditionFilterConfig>): ParamFault[] {
  if (typeof conditions === 'string') return [];
  const lacking =
    typeof tables === 'string' ? [] : Object.keys(tables).filter((party) => !Object.hasOwn(conditions, party));
  return [
    ...lacking.map((party) => ({
      pointer: `/conditions/${escape(party)}`,
      message: 'is required: each table needs its condition',
    })),
    ...Object.entries(conditions).flatMap(([party, text]) =>
      expressionFaults(`/conditions/${escape(party)}`, text, 'bool'),
    ),
  ];
}
