import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import type { ParamFault } from '../contract/task-type.js';
import { sampleSchema, type SampleConfig } from './sample-config.js';

/** Random rows of a party's table (SecretFlow's `sample`). */
export const sample = defineTask({
  type: 'sample',
  title: 'Random rows',
  description:
    "Takes random rows of each party's table, without repeats, in the order of the table. Each party draws for itself: the rows of aligned tables are no longer aligned, " +
    'where train_test_split keeps them so. With label_column each value of a column has the same share.',
  configSchema: sampleSchema,
  leaves:
    'The number of rows of the whole table in steps of 20. Which rows are drawn follows from a key that stays with the party and from random_state; how many they are stays ' +
    'with the party, too, but for what fraction and count say. A sample is chosen rows: later figures of it are judged as such. With label_column each draw is counted as one of train_test_split: ' +
    '5 bits about the label at 1,000 rows for each value but one.',
  needsParties: true,
  check,
  load: async () => (await import('./sample-run.js')).runSample,
});

function check({ fraction, count }: Unresolved<SampleConfig>): ParamFault[] {
  if ((fraction === undefined) !== (count === undefined)) return [];
  return fraction === undefined
    ? [{ pointer: '/fraction', message: 'is required, or count' }]
    : [{ pointer: '/count', message: 'must be absent where there is a fraction' }];
}
