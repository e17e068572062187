import { NEUTRAL } from '../party/party-program.js';
import { runParties } from '../party/run-parties.js';
import type { ReportConfig } from '../report.js';
import type { Json, JsonObject, TaskRun, TaskRunResult } from '../task-type.js';

/** What the rendering thread is given. */
export interface ReportArgs {
  readonly config: ReportConfig;
  /** Task ids and results, in the order in which the task names its parents. */
  readonly inputs: readonly (readonly [taskId: string, result: Json])[];
}

/** Runs `report` in a thread of no party, so that drawing neither blocks the worker nor outlives a cancel. */
export async function runReport(run: TaskRun): Promise<TaskRunResult> {
  const args: ReportArgs = { config: run.params.task_config as ReportConfig, inputs: Object.entries(run.inputs) };
  const outcomes = await runParties({
    program: 'report',
    parties: {},
    neutral: { program: 'report', args: args as unknown as Json },
    run,
  });
  const { value, artifacts } = outcomes[NEUTRAL]!;
  return { result: value as JsonObject, artifacts };
}
