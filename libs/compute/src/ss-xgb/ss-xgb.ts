import { defineTask } from '../contract/define-task.js';
import { ssXgbFaults, ssXgbSchema } from './ss-xgb-config.js';

/** Vertical gradient-boosted trees of two parties, on shares from the labels to the predictions. */
export const ssXgb = defineTask({
  type: 'ss_xgb',
  title: 'Vertical gradient-boosted trees on secret shares',
  description:
    'Boosts trees on columns that two parties hold of the same rows (aligned by psi). Derivatives, sums by bucket, gains, the sides of ' +
    'rows and the weights of leaves stay secret-shared, as in SecretFlow: the owner of a column that splits a node learns its own ' +
    'threshold, nobody which rows go left, and one party gets the rounded predictions. For many rows or trees secureboost is faster, ' +
    'and opens sums to the label party.',
  leaves:
    'Uniformly masked shares, the row counts, the number of buckets of each column, and with a linear objective the largest ' +
    'absolute error of the label, rounded up to a power of two. Both parties and the dealer learn which party each node of a tree ' +
    'belongs to (one bit), and its owner which of its own columns and buckets splits it (the label party also whether none does): ' +
    'at most log2 of its buckets bits for each node, so that a party that chooses its columns learns at most so much of the labels. ' +
    'The prediction receiver learns probabilities to 1/1024, or numbers in 4096 steps: up to 12 bits of each predicted row. A ' +
    "receiver that chooses columns, labels or rows learns what these say of the other party's row.",
  needsParties: true,
  approximate: true,
  configSchema: ssXgbSchema,
  check: ssXgbFaults,
  load: async () => (await import('./ss-xgb-run.js')).runSsXgb,
});
