import { configSchema, type NativeTaskType } from '../contract/config-schema.js';
import { verticalData, verticalFaults, verticalOutputs } from '../vertical/vertical-schema.js';
import type { VerticalConfig } from '../vertical/vertical-plan.js';

/** Vertical gradient-boosted trees of two parties, by sums of secret-shared derivatives. */
export const ssXgb: NativeTaskType = {
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
  configSchema: configSchema(
    'ss_xgb',
    {
      ...verticalData,
      params: {
        type: 'object',
        description: 'How to boost.',
        additionalProperties: false,
        properties: {
          num_boost_round: { type: 'integer', minimum: 1, maximum: 1000, default: 10, description: 'Number of trees.' },
          max_depth: { type: 'integer', minimum: 1, maximum: 16, default: 5, description: 'Most splits above a leaf.' },
          learning_rate: {
            type: 'number',
            exclusiveMinimum: 0,
            maximum: 1,
            default: 0.3,
            description: 'Part of the weight of a leaf that counts.',
          },
          objective: { enum: ['logistic', 'linear'], default: 'logistic', description: 'The kind of loss.' },
          reg_lambda: {
            type: 'number',
            minimum: 0,
            maximum: 10000,
            default: 0.1,
            description: 'L2 penalty on the weights of leaves.',
          },
          subsample: {
            type: 'number',
            exclusiveMinimum: 0,
            maximum: 1,
            default: 1,
            description: 'Share of the rows that each tree is grown on.',
          },
          colsample_by_tree: {
            type: 'number',
            exclusiveMinimum: 0,
            maximum: 1,
            default: 1,
            description: 'Share of the columns that each tree is grown on.',
          },
          sketch_eps: {
            type: 'number',
            minimum: 0.001,
            maximum: 0.5,
            default: 0.1,
            description: 'A column has at most 1 / sketch_eps buckets of about equally many rows, at least 5 each.',
          },
          base_score: {
            type: 'number',
            minimum: -1e6,
            maximum: 1e6,
            default: 0,
            description: 'Score of every row before the first tree.',
          },
          seed: {
            type: 'integer',
            minimum: 0,
            maximum: 4294967295,
            default: 42,
            description: 'Seed of the rows and columns of each tree.',
          },
        },
      },
      ...verticalOutputs,
    },
    ['features', 'label', 'label_party', 'train_data'],
  ),
  check: (config) => verticalFaults(config as unknown as VerticalConfig),
  load: async () => (await import('./ss-xgb-run.js')).runSsXgb,
};
