import { defineTask } from '../contract/define-task.js';
import { ssLrSchema } from './ss-lr-config.js';
import { verticalFaults } from '../vertical/vertical-schema.js';

/** Vertical logistic or linear regression of two to eight parties on secret shares. */
export const ssLr = defineTask({
  type: 'ss_lr',
  title: 'Vertical regression on secret shares',
  description:
    'Trains a logistic or linear regression on columns that two to eight parties hold of the same rows (aligned by psi). ' +
    'Features, labels and the model stay secret-shared: each party keeps a share of the weights, and one party gets the rounded ' +
    'predictions. Scale the features first (standard_scaler). Training uses the line 0.5 + z/8 for the sigmoid.',
  leaves:
    'Uniformly masked shares, the row counts, and the largest absolute value of the features of each party and of the label, ' +
    'rounded up to a power of two. All parties learn the mean squared residual to three digits, once for every 64 training rows ' +
    'at most (a fifth of a bit for each row), and whether training ran away. No weight is opened. The prediction receiver ' +
    'learns probabilities to 1/1024, or numbers in 4096 steps: up to 12 bits of each predicted row. A receiver that chooses ' +
    "columns, labels or rows learns what these say of the others' row: of an only column of theirs nearly all." +
    ' Losses are counted against half a bit for each row of the label and of features of at most 16 values, over all tasks, and predictions are noted.',
  needsParties: true,
  approximate: true,
  configSchema: ssLrSchema,
  check: verticalFaults,
  load: async () => (await import('./ss-lr-run.js')).runSsLr,
});
