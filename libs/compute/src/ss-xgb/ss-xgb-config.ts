import type { VerticalConfig } from '../vertical/vertical-plan.js';
import type { Objective } from './gradients.js';

/** `task_config` of `ss_xgb`, as its schema lets it through. */
export interface SsXgbConfig extends VerticalConfig {
  readonly params?: {
    readonly num_boost_round?: number;
    readonly max_depth?: number;
    readonly learning_rate?: number;
    readonly objective?: Objective;
    readonly reg_lambda?: number;
    readonly subsample?: number;
    readonly colsample_by_tree?: number;
    readonly sketch_eps?: number;
    readonly base_score?: number;
    readonly seed?: number;
  };
}
