import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import { escape } from '../contract/json-values.js';
import type { ParamFault } from '../contract/task-type.js';
import { substitutionSchema, type SubstitutionConfig } from './substitution-config.js';

/** Rules that were learnt from one table, applied to another of the same party (SecretFlow's `substitution`). */
export const substitution = defineTask({
  type: 'substitution',
  title: 'Apply rules to another table',
  description:
    'Applies the rules that a step or woe_binning learnt from one table (rules.json) to another table of the same party: what was learnt on ' +
    'the rows to train on changes the rows to test on alike. The rows keep their order.',
  configSchema: substitutionSchema,
  leaves:
    'The number of rows in steps of 20, and the names of the columns that the rules change. Rules and tables stay with their party, and so ' +
    'does the exact number. How the task ends says whether the table has a category that the rules lack, or a missing value, where that ' +
    'fails it: one bit, judged as a figure about the rows of both tables.',
  needsParties: true,
  check,
  load: async () => (await import('./substitution-run.js')).runSubstitution,
});

function check({ input_data: tables, rules }: Unresolved<SubstitutionConfig>): ParamFault[] {
  if (typeof tables === 'string' || typeof rules === 'string') return [];
  return Object.keys(tables)
    .filter((party) => !Object.hasOwn(rules, party))
    .map((party) => ({
      pointer: `/rules/${escape(party)}`,
      message: 'is required: each table needs the rules of its party',
    }));
}
