import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import type { ParamFault } from '../contract/task-type.js';
import { trainTestSplitSchema, type TrainTestSplitConfig } from './train-test-split-config.js';

/** The same rows of aligned tables to train and to test on (SecretFlow's `train_test_split`). */
export const trainTestSplit = defineTask({
  type: 'train_test_split',
  title: 'Split into rows to train and to test on',
  description:
    'Splits the tables of all parties, aligned by psi, into rows to train on and rows to test on: the same rows at each party, in the ' +
    'order of the table. With label_column each value of a column has the same share in both parts.',
  configSchema: trainTestSplitSchema,
  leaves:
    'The number of rows, which the other parties learn and the result has in steps of 20. Without label_column nothing else ' +
    'crosses: each party draws the same rows by random_state. With it the party of the label draws under a key that stays with it, and ' +
    'sends one bit a row: whether it is to train on. As the number of rows of each value in a part is fixed, each draw is an ' +
    'equation about the label, of 5 bits at 1,000 rows for each value but one. These are counted against half a bit for each row of the ' +
    'label, over all tasks: 100 draws of a label of two values. Whoever knows all labels but some learns as many of them as ' +
    'there are draws, and without the limit as many draws as rows give all labels.',
  needsParties: true,
  check,
  load: async () => (await import('./train-test-split-run.js')).runTrainTestSplit,
});

function check({ shuffle, label_column: label }: Unresolved<TrainTestSplitConfig>): ParamFault[] {
  if (label === undefined || shuffle !== false) return [];
  return [{ pointer: '/shuffle', message: 'must be true with label_column: a part of each value is drawn' }];
}
