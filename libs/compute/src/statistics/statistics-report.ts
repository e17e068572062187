import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import { writeSharedArtifact } from '../party/output-files.js';
import type { PartyOutcomes } from '../party/run-parties.js';
import { ownReportPath } from './report-config.js';
import type { TableStatisticsConfig } from './table-statistics-config.js';

/** The result, with one report of all parties as an artifact, unless each party has one in its folder. */
export async function withReport(
  run: TaskRun<TableStatisticsConfig>,
  { artifacts, partyResults }: Pick<PartyOutcomes<unknown, unknown>, 'artifacts' | 'partyResults'>,
  { result, report }: { readonly result: JsonObject; readonly report: JsonObject },
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const ownPath = ownReportPath(config);
  if (ownPath !== null) return { result: { output_report: ownPath, ...result }, artifacts, partyResults };
  const text = JSON.stringify({ type: 'table_statistics', ...report }, null, 2);
  const request = { target: config.output_report, name: 'statistics.json', mediaType: 'application/json' };
  const { reference, artifact } = await writeSharedArtifact(run, request, `${text}\n`);
  return { result: { output_report: reference, ...result }, artifacts: [...artifacts, artifact], partyResults };
}
