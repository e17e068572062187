import { pairPlanOf, type VerticalPart, type PairPlan } from '../vertical/vertical-plan.js';
import { boostingOf, type Boosting } from '../vertical/boosting.js';
import type { SecureBoostConfig } from './secureboost-config.js';

/** The format of both parties' slice files. */
export const TREES_FORMAT = 'taskchain/vertical-trees/v2';

/** The plan that both parties and the dealer receive. */
export interface SecureBoostPlan extends PairPlan {
  readonly boosting: Boosting;
}

export type SecureBoostPart = VerticalPart<SecureBoostPlan>;

/** What a party returns: nothing beyond the task's result. */
export interface SecureBoostOutcome {
  readonly rows: number;
  readonly heldOut: number;
  readonly model: string;
  readonly prediction: { readonly reference: string; readonly rows: number } | null;
  /** The loss after each tree, null where it is withheld; empty for the party without the label. */
  readonly losses: readonly (number | null)[];
  /** The number of splits on each party's columns. */
  readonly splits: Readonly<Record<string, number>>;
}

/** The plan of a checked `task_config`, with SecretFlow's defaults filled in. */
export function planOf(config: SecureBoostConfig): SecureBoostPlan {
  return { ...pairPlanOf(config), boosting: boostingOf(config.params) };
}
