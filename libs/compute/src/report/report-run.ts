import type { PartyUrl } from '../party/party-program.js';
import { runParties } from '../party/run-parties.js';
import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import type * as ReportThread from './report-thread.js';
import type { ReportConfig } from './report-config.js';

const program: PartyUrl<typeof ReportThread> = new URL('./report-thread.js', import.meta.url);

/** Runs `report` in a process of no party, so that drawing neither blocks the worker nor outlives a cancel. */
export async function runReport(run: TaskRun<ReportConfig>): Promise<TaskRunResult> {
  const args: ReportThread.ReportArgs = {
    config: run.params.task_config,
    inputs: Object.entries(run.inputs),
  };
  const { neutral } = await runParties({ program, parties: {}, neutral: { program, args, keepsFiles: true }, run });
  return { result: neutral!.value, artifacts: neutral!.artifacts };
}
