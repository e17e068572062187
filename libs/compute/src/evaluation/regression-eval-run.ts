import { holderOf } from './holder.js';
import type { RegressionEvalConfig } from './regression-eval-config.js';
import { runParties } from '../party/run-parties.js';
import type { PartyUrl } from '../party/party-program.js';
import type * as Party from './regression-eval-party.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';

const program: PartyUrl<typeof Party> = new URL('./regression-eval-party.js', import.meta.url);

/** Runs `regression_eval`, whose parameters have been checked, in a process of the party that holds the table. */
export async function runRegressionEval(run: TaskRun<RegressionEvalConfig>): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const { party, path } = holderOf(config.prediction_data)!;
  const report = config.output_report;
  const args: Party.RegressionEvalArgs = {
    path,
    labelColumn: config.label_column ?? 'label',
    predictionColumn: config.prediction_column ?? 'prediction',
    buckets: config.bucket_size ?? 10,
    output: typeof report === 'object' ? (report[party] ?? null) : (report ?? null),
    gates: config.assert ?? {},
  };
  const outcomes = await runParties({ program, parties: { [party]: args }, run });
  const { artifacts, partyResults } = outcomes;
  return { result: { party, ...outcomes.parties[party]!.value }, artifacts, partyResults };
}
