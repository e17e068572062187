import { defineTask } from '../contract/define-task.js';
import { verticalFaults } from '../vertical/vertical-schema.js';
import { ssXgbSchema } from './ss-xgb-config.js';

/** Vertical gradient-boosted trees of two parties, by sums of secret-shared derivatives. */
export const ssXgb = defineTask({
  type: 'ss_xgb',
  title: 'Vertical gradient-boosted trees on secret shares',
  description:
    'Boosts trees on columns that two parties hold of the same rows (aligned by psi). The derivatives of the loss are secret-shared ' +
    'for the sums over the buckets of the party without the label, which learns nothing of the labels but the splits of its own ' +
    'columns; the label party learns the sums by bucket and which rows of a node a split sends left, as in SecureBoost.',
  leaves:
    'Uniformly masked derivatives and bits, the row count, the number of buckets of each column and of rows in each; the label party ' +
    'learns sums of derivatives by bucket and the sides of the rows of a node, the other party its own splits and the shape of the ' +
    'trees, and the prediction receiver the scores of the predicted rows. Whoever chooses the labels can read from the sums in ' +
    'which bucket each row lies.',
  needsParties: true,
  configSchema: ssXgbSchema,
  check: verticalFaults,
  load: async () => (await import('../secureboost/secureboost-run.js')).runSecureBoost,
});
