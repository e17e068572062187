import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import { escape } from '../contract/json-values.js';
import type { ParamFault } from '../contract/task-type.js';
import { stabilitySchema, type StabilityConfig } from './stability-config.js';

/** Population and characteristic stability of two tables of one party (SecretFlow's `stats/psi`). */
export const stability = defineTask({
  type: 'stability',
  title: 'Stability over time',
  description:
    'Compares the values of columns in two tables of a party by the stability index: PSI of a score, CSI of a feature. Each party gets the index of each of its columns.',
  configSchema: stabilitySchema,
  leaves:
    'Whether all columns of a party are stable: one bit, counted about each column, and withheld where a table has under 20 rows or the rows are too close to those of earlier figures. ' +
    'The indexes, the bins and the numbers of rows stay with the party.',
  needsParties: true,
  check,
  load: async () => (await import('./stability-run.js')).runStability,
});

function check({ base_data: bases, input_data: tables }: Unresolved<StabilityConfig>): ParamFault[] {
  if (typeof tables === 'string' || typeof bases === 'string') return [];
  return Object.keys(tables)
    .filter((party) => !Object.hasOwn(bases, party))
    .map((party) => ({
      pointer: `/base_data/${escape(party)}`,
      message: 'is required: each table needs an earlier one',
    }));
}
