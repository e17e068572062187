import type { VerticalConfig } from '../vertical/vertical-plan.js';

/** `task_config` of `ss_lr`, as the schema below lets it through. */
export interface SsLrConfig extends VerticalConfig {
  readonly params?: {
    readonly epochs?: number;
    readonly learning_rate?: number;
    readonly batch_size?: number;
    readonly reg_type?: 'logistic' | 'linear';
    readonly penalty?: 'none' | 'l1' | 'l2';
    readonly l2_norm?: number;
  };
}
