import { configSchema } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { MOST_BATCH_SIZE } from './schedule.js';
import { MOST_PARTIES, verticalDataOf, verticalOutputs } from '../vertical/vertical-schema.js';

export const ssLrSchema = configSchema(
  'ss_lr',
  {
    ...verticalDataOf(MOST_PARTIES, `parties, two to ${MOST_PARTIES}`),
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
          description: 'Step size; one that is too large fails with NOT_CONVERGED.',
        },
        batch_size: {
          type: 'integer',
          minimum: 1,
          maximum: MOST_BATCH_SIZE,
          description:
            'Rows of one step. By default the largest power of two of which an epoch has 100 steps, and 64 to 1024; less where the values are very large.',
        },
        reg_type: { enum: ['logistic', 'linear'], default: 'logistic', description: 'The kind of regression.' },
        penalty: {
          enum: ['none', 'l1', 'l2'],
          default: 'none',
          description:
            'Penalty on the weights, not on the intercept: l1 sets weights with little effect to 0, l2 keeps all weights small.',
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
    protocol: {
      type: 'string',
      enum: ['SEMI2K', 'CHEETAH', 'ABY3'],
      description:
        'How shares are multiplied. native takes SEMI2K with a dealer, and nothing else. The engine secretflow takes CHEETAH (its default for two parties, without a dealer), ABY3 (for three, without a dealer) and SEMI2K (for two, where the first party by name makes the triples of both).',
    },
  },
  ['features', 'label', 'label_party', 'train_data'],
);

/** `task_config` of `ss_lr`. */
export type SsLrConfig = ConfigOf<typeof ssLrSchema>;
