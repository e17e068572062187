import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { verticalPartOf } from '../vertical/vertical-plan.js';
import type { SsXgbConfig } from './ss-xgb-config.js';
import { planOf, type SsXgbOutcome } from './ss-xgb-plan.js';

/**
 * Runs `ss_xgb`, whose parameters have been checked: a thread for each party, and one for the dealer. `recorder` is for
 * tests.
 */
export async function runSsXgb(run: TaskRun, recorder?: (message: CrossedMessage) => void): Promise<TaskRunResult> {
  const config = run.params.task_config as unknown as SsXgbConfig;
  const plan = planOf(config);
  const parts = plan.parties.map((party) => [party, verticalPartOf(config, plan, party)] as const);
  const outcomes = await runParties({
    program: 'ss-xgb',
    parties: Object.fromEntries(parts) as unknown as Record<string, JsonObject>,
    neutral: { program: 'ss-xgb-dealer', args: plan as unknown as JsonObject },
    run,
    ...(recorder && { recorder }),
  });
  const toldBy = (party: string): SsXgbOutcome => outcomes[party]!.value as unknown as SsXgbOutcome;
  const trained = toldBy(plan.labelParty);
  const { prediction } = toldBy(plan.receiver);
  return {
    result: {
      model_saved: true,
      model_paths: Object.fromEntries(plan.parties.map((party) => [party, toldBy(party).model])),
      training_metrics: {
        num_trees: trained.losses.length,
        final_loss: trained.losses.at(-1)!,
        loss: plan.boosting.objective === 'logistic' ? 'mean_log_loss' : 'mean_squared_error',
        loss_by_round: [...trained.losses],
        splits: { ...trained.splits },
        rows: trained.rows,
        held_out_rows: trained.heldOut,
      },
      ...(prediction && {
        prediction_output: prediction.reference,
        prediction_receiver: plan.receiver,
        prediction_rows: prediction.rows,
        predicted_on: plan.predictOn,
      }),
    },
    artifacts: Object.values(outcomes).flatMap((outcome) => outcome.artifacts),
  };
}
