import { NEUTRAL } from '../party/party-program.js';
import { runParties } from '../party/run-parties.js';
import type { Json, JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { ReportArgs } from './report-thread.js';
import type { ReportConfig } from './section.js';

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
