import { configSchema } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { verticalData, verticalOutputs } from '../vertical/vertical-schema.js';

export const ssXgbSchema = configSchema(
  'ss_xgb',
  {
    ...verticalData,
    params: {
      type: 'object',
      description: 'How to boost.',
      additionalProperties: false,
      properties: {
        num_boost_round: { type: 'integer', minimum: 1, maximum: 1000, default: 10, description: 'Number of trees.' },
        max_depth: {
          type: 'integer',
          minimum: 1,
          maximum: 16,
          default: 5,
          description: 'Maximum number of splits above a leaf.',
        },
        learning_rate: {
          type: 'number',
          exclusiveMinimum: 0,
          maximum: 1,
          default: 0.3,
          description: 'Factor on the weight of each leaf.',
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
);

/** `task_config` of `ss_xgb`. */
export type SsXgbConfig = ConfigOf<typeof ssXgbSchema>;
