import { defineTask } from '../contract/define-task.js';
import { ssLrSchema } from './ss-lr-config.js';
import { verticalFaults } from '../vertical/vertical-schema.js';

/** Vertical logistic or linear regression of two parties on secret shares. */
export const ssLr = defineTask({
  type: 'ss_lr',
  title: 'Vertical regression on secret shares',
  description:
    'Trains a logistic or linear regression on columns that two parties hold of the same rows (aligned by psi). ' +
    'Features and labels stay secret-shared; each party gets the weights of its own columns, and one party the predictions. ' +
    'Scale the features first (standard_scaler). Probabilities are the sigmoid of the score; training uses the line 0.5 + z/8 for it.',
  leaves:
    'Uniformly masked shares, the row count, and the mean squared residual of each epoch; after training each party gets ' +
    'its own weights, and the prediction receiver the scores of the predicted rows. Whoever chooses the columns can read labels ' +
    'from the weights; from a score the receiver knows the part of the other party.',
  needsParties: true,
  approximate: true,
  configSchema: ssLrSchema,
  check: verticalFaults,
  load: async () => (await import('./ss-lr-run.js')).runSsLr,
});
