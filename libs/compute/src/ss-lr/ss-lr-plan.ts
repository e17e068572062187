import type { SsLrConfig } from './ss-lr-config.js';
import type { TrainingParams } from './schedule.js';
import { verticalPlanOf, type VerticalPart, type VerticalPlan } from '../vertical/vertical-plan.js';

/** The plan that all parties and the dealer receive. */
export interface SsLrPlan extends VerticalPlan {
  readonly training: TrainingParams;
}

export type SsLrPart = VerticalPart<SsLrPlan>;

/** What a party returns: nothing beyond the task's result. */
export interface SsLrOutcome {
  readonly rows: number;
  readonly batchSize: number;
  readonly heldOut: number;
  readonly losses: readonly (number | null)[];
  readonly finalLoss: number | null;
  readonly model: string;
  readonly prediction: { readonly reference: string; readonly rows: number } | null;
}

/** The plan of a checked `task_config`, every default filled in. */
export function planOf(config: SsLrConfig): SsLrPlan {
  const params = config.params ?? {};
  return {
    ...verticalPlanOf(config),
    training: {
      regType: params.reg_type ?? 'logistic',
      epochs: params.epochs ?? 10,
      batchSize: params.batch_size ?? null,
      learningRate: params.learning_rate ?? 0.1,
      l1: params.penalty === 'l1' ? (params.l2_norm ?? 0.5) : 0,
      l2: params.penalty === 'l2' ? (params.l2_norm ?? 0.5) : 0,
    },
  };
}
