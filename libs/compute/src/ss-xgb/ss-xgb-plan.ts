import { boostingOf, type Boosting } from '../vertical/boosting.js';
import { pairPlanOf, type VerticalPart, type PairPlan } from '../vertical/vertical-plan.js';
import type { SsXgbConfig } from './ss-xgb-config.js';

/** The plan that both parties and the dealer receive. */
export interface SsXgbPlan extends PairPlan {
  readonly boosting: Boosting;
}

export type SsXgbPart = VerticalPart<SsXgbPlan>;

/** What a party returns: nothing beyond the task's result. */
export interface SsXgbOutcome {
  readonly rows: number;
  readonly heldOut: number;
  readonly model: string;
  readonly prediction: { readonly reference: string; readonly rows: number } | null;
}

/** The plan of a checked `task_config`, with SecretFlow's defaults filled in. */
export function planOf(config: SsXgbConfig): SsXgbPlan {
  return { ...pairPlanOf(config), boosting: boostingOf(config.params) };
}
