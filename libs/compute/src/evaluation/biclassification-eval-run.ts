import type { PartyUrl } from '../party/party-program.js';
import type * as Party from './biclassification-eval-party.js';
import type { BiclassificationConfig } from './biclassification-eval-config.js';
import { holderOf } from './holder.js';
import { METRICS } from './metrics.js';
import { runParties } from '../party/run-parties.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';

const program: PartyUrl<typeof Party> = new URL('./biclassification-eval-party.js', import.meta.url);

/** Runs `biclassification_eval`, whose parameters have been checked, in a process of the party that holds the table. */
export async function runBiclassificationEval(run: TaskRun<BiclassificationConfig>): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const { party, path } = holderOf(config.prediction_data)!;
  const report = config.output_report;
  const floors = METRICS.flatMap((name) => (config.assert?.[name] ? [[name, config.assert[name].min] as const] : []));
  const args: Party.EvaluationArgs = {
    path,
    labelColumn: config.label_column ?? 'label',
    predictionColumn: config.prediction_column ?? 'prediction',
    buckets: config.bucket_size ?? 10,
    output: typeof report === 'object' ? (report[party] ?? null) : (report ?? null),
    floors: Object.fromEntries(floors),
  };
  const outcomes = await runParties({ program, parties: { [party]: args }, run });
  const { artifacts, partyResults } = outcomes;
  return { result: { party, ...outcomes.parties[party]!.value }, artifacts, partyResults };
}
