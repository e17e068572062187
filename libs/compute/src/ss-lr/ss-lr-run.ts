import { runParties, type CrossedMessage } from '../party/run-parties.js';
import type { SsLrConfig } from './ss-lr-config.js';
import { planOf, type SsLrOutcome } from './ss-lr-plan.js';
import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { verticalPartOf } from '../vertical/vertical-plan.js';

/**
 * Runs `ss_lr`, whose parameters have been checked: a thread for each party, and one for the dealer. `recorder` is for
 * tests.
 */
export async function runSsLr(run: TaskRun, recorder?: (message: CrossedMessage) => void): Promise<TaskRunResult> {
  const config = run.params.task_config as unknown as SsLrConfig;
  const plan = planOf(config);
  const parts = plan.parties.map((party) => [party, verticalPartOf(config, plan, party)] as const);
  const outcomes = await runParties({
    program: 'ss-lr',
    parties: Object.fromEntries(parts) as unknown as Record<string, JsonObject>,
    neutral: { program: 'ss-lr-dealer', args: plan as unknown as JsonObject },
    run,
    ...(recorder && { recorder }),
  });
  const told = plan.parties.map((party) => outcomes[party]!.value as unknown as SsLrOutcome);
  const [first] = told as [SsLrOutcome, SsLrOutcome];
  const prediction = told[plan.parties.indexOf(plan.receiver)]!.prediction;
  return {
    result: {
      model_saved: true,
      model_paths: Object.fromEntries(plan.parties.map((party, index) => [party, told[index]!.model])),
      training_metrics: {
        epochs: plan.schedule.epochs,
        final_loss: first.losses.at(-1)!,
        loss: 'mean_squared_residual',
        loss_by_epoch: [...first.losses],
        rows: first.rows,
        held_out_rows: first.heldOut,
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
