import type { EvaluationArgs } from './biclassification-eval-party.js';
import { holderOf, type BiclassificationConfig } from './biclassification-eval-config.js';
import { METRICS } from './metrics.js';
import { runParties } from '../party/run-parties.js';
import type { Json, JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';

/** Runs `biclassification_eval`, whose parameters have been checked, in a thread of the party that holds the table. */
export async function runBiclassificationEval(run: TaskRun): Promise<TaskRunResult> {
  const config = run.params.task_config as unknown as BiclassificationConfig;
  const { party, path } = holderOf(config.prediction_data)!;
  const report = config.output_report;
  const floors = METRICS.flatMap((name) => (config.assert?.[name] ? [[name, config.assert[name].min] as const] : []));
  const args: EvaluationArgs = {
    path,
    labelColumn: config.label_column ?? 'label',
    predictionColumn: config.prediction_column ?? 'prediction',
    buckets: config.bucket_size ?? 10,
    output: typeof report === 'object' ? (report[party] ?? null) : (report ?? null),
    floors: Object.fromEntries(floors),
  };
  const outcomes = await runParties({
    program: 'biclassification-eval',
    parties: { [party]: args as unknown as Json },
    run,
  });
  const { value, artifacts } = outcomes[party]!;
  return { result: { party, ...(value as JsonObject) }, artifacts };
}
