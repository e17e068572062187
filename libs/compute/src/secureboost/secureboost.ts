import { defineTask } from '../contract/define-task.js';
import { verticalFaults } from '../vertical/vertical-schema.js';
import { secureboostSchema } from './secureboost-config.js';

/** Vertical gradient-boosted trees of two parties, by sums of secret-shared derivatives. */
export const secureboost = defineTask({
  type: 'secureboost',
  title: 'Vertical gradient-boosted trees by SecureBoost',
  description:
    'Boosts trees on columns that two parties hold of the same rows (aligned by psi). The derivatives of the loss are secret-shared ' +
    'for the sums over the buckets of the party without the label, which learns nothing of the labels but the splits of its own ' +
    'columns; the label party learns the sums by bucket and which rows of a node a split sends left, as in SecureBoost. Where the ' +
    'label party is not to learn them, take ss_xgb.',
  leaves:
    'Uniformly masked derivatives and bits, the row count, the number of buckets of each column and of rows in each; the label ' +
    'party learns sums of derivatives by bucket and the sides of the rows of a node, the other party its own splits, the shape of ' +
    'the trees and losses of three digits, one for 84 rows at most, and the prediction receiver the scores of the predicted rows. ' +
    'Whoever has the label can work out from the sums of one training with the default parameters in which bucket of a column most ' +
    'rows lie: 95 % of the cells of 300 rows, and 83 % of 1,000, by the best attack tried.',
  needsParties: true,
  configSchema: secureboostSchema,
  check: verticalFaults,
  load: async () => (await import('./secureboost-run.js')).runSecureBoost,
});
