import type { TaskRun, TaskRunResult } from '../contract/task-type.js';
import { writeSharedArtifact } from '../party/output-files.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { columnNamer } from '../contract/column-names.js';
import { fitting, fittingNames } from '../contract/inline-result.js';
import { WITHHELD_STATISTICS } from './coarse-statistics.js';
import { ownReportPath, reportArgs } from './report-config.js';
import type { TableStatisticsConfig } from './table-statistics-config.js';
import type * as StatisticsParty from './statistics-party.js';

const program: PartyUrl<typeof StatisticsParty> = new URL('./statistics-party.js', import.meta.url);

/** Bytes that a result has for the names of suppressed columns, besides the statistics; the report holds all. */
const SUPPRESSED_ROOM = 12 * 1024;

/** Runs `table_statistics`. A column that two parties have is named `<party>.<column>`. `recorder` is for tests. */
export async function runTableStatistics(
  run: TaskRun<TableStatisticsConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const ownPath = ownReportPath(config);
  const outcomes = await runParties({
    program,
    parties: reportArgs(config),
    run,
    recorder,
  });
  const values = Object.entries(outcomes.parties).map(([party, { value }]) => [party, value] as const);
  const nameOf = columnNamer(Object.fromEntries(values.map(([party, { columns }]) => [party, Object.keys(columns)])));
  const statistics = Object.fromEntries(
    values.flatMap(([party, value]) =>
      Object.entries(value.columns).map(([column, each]) => [nameOf(party, column), { ...each }] as const),
    ),
  );
  const facts = {
    rows: Object.fromEntries(values.map(([party, { rows }]) => [party, rows])),
    suppressed: Object.fromEntries(values.map(([party, { suppressed }]) => [party, suppressed])),
  };
  const { inline, truncated } = fitting(statistics);
  const suppressed = fittingNames(facts.suppressed, SUPPRESSED_ROOM);
  const result = {
    rows: facts.rows,
    suppressed: suppressed.inline,
    ...(suppressed.truncated && { suppressed_truncated: true }),
    statistics: inline,
    ...(truncated && { statistics_truncated: true }),
    withheld: { ...WITHHELD_STATISTICS },
  };
  const { artifacts, partyResults } = outcomes;
  if (ownPath !== null) return { result: { output_report: ownPath, ...result }, artifacts, partyResults };
  const report = JSON.stringify(
    { type: 'table_statistics', ...facts, statistics, withheld: WITHHELD_STATISTICS },
    null,
    2,
  );
  const request = { target: config.output_report, name: 'statistics.json', mediaType: 'application/json' };
  const { reference, artifact } = await writeSharedArtifact(run, request, `${report}\n`);
  return { result: { output_report: reference, ...result }, artifacts: [...artifacts, artifact], partyResults };
}
