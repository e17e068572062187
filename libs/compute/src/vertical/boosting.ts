import type { ConfigOf } from '../contract/config-type.js';
import { MIN_GROUP_ROWS } from '#libs/consent';
import type { RowRules } from './vertical-rows.js';

export type Objective = 'logistic' | 'linear';

/** `params` of a training of gradient-boosted trees. */
export const boostingParams = {
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
      description: `A column has at most 1 / sketch_eps buckets of about equally many rows, at least ${MIN_GROUP_ROWS} each.`,
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
} as const;

/** The parameters of boosting, every default of SecretFlow filled in: public. */
export interface Boosting {
  readonly objective: Objective;
  readonly rounds: number;
  readonly maxDepth: number;
  readonly learningRate: number;
  readonly lambda: number;
  readonly subsample: number;
  readonly colsample: number;
  /** The maximum number of buckets of a column. */
  readonly buckets: number;
  readonly baseScore: number;
  readonly seed: number;
}

export function boostingOf(params: ConfigOf<typeof boostingParams> = {}): Boosting {
  return {
    objective: params.objective ?? 'logistic',
    rounds: params.num_boost_round ?? 10,
    maxDepth: params.max_depth ?? 5,
    learningRate: params.learning_rate ?? 0.3,
    lambda: params.reg_lambda ?? 0.1,
    subsample: params.subsample ?? 1,
    colsample: params.colsample_by_tree ?? 1,
    buckets: Math.ceil(1 / (params.sketch_eps ?? 0.1)),
    baseScore: params.base_score ?? 0,
    seed: params.seed ?? 42,
  };
}

/** What trees ask of their rows. */
export const rulesOfTrees = ({ objective }: Boosting): RowRules => ({
  binaryLabel: objective === 'logistic',
  maxSize: Infinity,
  minGroups: 2,
  minRowsWhy: (least) => `a tree needs at least ${2 * least}, ${least} for each side of a split.`,
  // No split separates fewer rows from the others.
  refusesFewApart: false,
});
