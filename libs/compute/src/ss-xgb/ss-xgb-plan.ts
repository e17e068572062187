import { verticalPlanOf, type VerticalPart, type VerticalPlan } from '../vertical/vertical-plan.js';
import type { Objective } from './gradients.js';
import type { SsXgbConfig } from './ss-xgb-config.js';

/** The format of both parties' slice files. */
export const TREES_FORMAT = 'taskchain/vertical-trees/v1';

/** The parameters of boosting: public. */
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

/** The plan that both parties and the dealer receive. */
export interface SsXgbPlan extends VerticalPlan {
  readonly boosting: Boosting;
}

export type SsXgbPart = VerticalPart<SsXgbPlan>;

/** What a party returns: nothing beyond the task's result. */
export interface SsXgbOutcome {
  readonly rows: number;
  readonly heldOut: number;
  readonly model: string;
  readonly prediction: { readonly reference: string; readonly rows: number } | null;
  /** The loss after each tree; empty for the party without the label. */
  readonly losses: readonly number[];
  /** The number of splits on each party's columns. */
  readonly splits: Readonly<Record<string, number>>;
}

/** The plan of a checked `task_config`, with SecretFlow's defaults filled in. */
export function planOf(config: SsXgbConfig): SsXgbPlan {
  const params = config.params ?? {};
  return {
    ...verticalPlanOf(config),
    boosting: {
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
    },
  };
}
