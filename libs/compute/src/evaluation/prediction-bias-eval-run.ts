import type { PartyUrl } from '../party/party-program.js';
import { runParties } from '../party/run-parties.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import { holderOf } from './holder.js';
import type { PredictionBiasConfig } from './prediction-bias-eval-config.js';
import type * as Party from './prediction-bias-eval-party.js';

const program: PartyUrl<typeof Party> = new URL('./prediction-bias-eval-party.js', import.meta.url);

/** Runs `prediction_bias_eval`, whose parameters have been checked, in a process of the party that holds the table. */
export async function runPredictionBiasEval(run: TaskRun<PredictionBiasConfig>): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const { party, path } = holderOf(config.prediction_data)!;
  const report = config.output_report;
  const args: Party.BiasArgs = {
    path,
    labelColumn: config.label_column ?? 'label',
    predictionColumn: config.prediction_column ?? 'prediction',
    objective: config.objective ?? 'logistic',
    method: config.bucket_method ?? 'equal_frequency',
    buckets: config.bucket_num ?? 10,
    fewest: config.min_item_cnt_per_bucket ?? 20,
    output: typeof report === 'object' ? (report[party] ?? null) : (report ?? null),
  };
  const outcomes = await runParties({ program, parties: { [party]: args }, run });
  const { artifacts, partyResults } = outcomes;
  return { result: { party, ...outcomes.parties[party]!.value }, artifacts, partyResults };
}
