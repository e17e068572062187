import { configSchema, type NativeTaskType } from '../contract/config-schema.js';
import type { SsLrConfig } from './ss-lr-config.js';
import { verticalData, verticalFaults, verticalOutputs } from '../vertical/vertical-schema.js';

/** Vertical logistic or linear regression of two parties on secret shares. */
export const ssLr: NativeTaskType = {
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
  configSchema: configSchema(
    'ss_lr',
    {
      ...verticalData,
      params: {
        type: 'object',
        description: 'How to train.',
        additionalProperties: false,
        properties: {
          epochs: { type: 'integer', minimum: 1, maximum: 1000, default: 10, description: 'Passes over the rows.' },
          learning_rate: {
            type: 'number',
            minimum: 1e-6,
            maximum: 100,
            default: 0.1,
            description: 'Step size; too large a one fails with NOT_CONVERGED.',
          },
          batch_size: { type: 'integer', minimum: 1, maximum: 65536, default: 64, description: 'Rows of one step.' },
          reg_type: { enum: ['logistic', 'linear'], default: 'logistic', description: 'The kind of regression.' },
          penalty: {
            enum: ['none', 'l1', 'l2'],
            default: 'none',
            description:
              'Penalty on the weights, not on the intercept: l1 makes weights 0 that do little, l2 keeps all of them small.',
          },
          l2_norm: {
            type: 'number',
            minimum: 0,
            maximum: 1e6,
            default: 0.5,
            description:
              'Weight of the penalty: with l2 a step adds l2_norm * weight to the summed gradient of a batch; with l1 it then moves ' +
              'each weight towards 0 by l2_norm * learning_rate / rows of the batch.',
          },
        },
      },
      ...verticalOutputs,
    },
    ['features', 'label', 'label_party', 'train_data'],
  ),
  check: (config) => verticalFaults(config as unknown as SsLrConfig),
  load: async () => (await import('./ss-lr-run.js')).runSsLr,
};
