import type { JsonObject } from '../contract/task-type.js';
import type { VerticalPlan } from './vertical-plan.js';

/** What each party of a vertical training returns about its files. */
interface Trained {
  readonly model: string;
  readonly prediction?: { readonly reference: string; readonly rows: number } | null | undefined;
}

/** The result of a vertical training: where the slices of the model and the predictions lie, and `metrics`. */
export function verticalResult(
  plan: VerticalPlan,
  trained: (party: string) => Trained,
  metrics: JsonObject,
): JsonObject {
  const { prediction } = trained(plan.receiver);
  return {
    model_saved: true,
    model_paths: Object.fromEntries(plan.parties.map((party) => [party, trained(party).model])),
    training_metrics: metrics,
    ...(prediction && {
      prediction_output: prediction.reference,
      prediction_receiver: plan.receiver,
      prediction_rows: prediction.rows,
      predicted_on: plan.predictOn,
    }),
  };
}
