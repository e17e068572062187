import { writeSharedArtifact } from '../party/output-files.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { columnNamer } from '../contract/column-names.js';
import { fitting, fittingNames } from '../contract/inline-result.js';
import { WITHHELD_STATISTICS } from '../statistics/coarse-statistics.js';
import { ownReportPath, reportArgs } from '../statistics/report-config.js';
import type { Json, JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import type * as CorrelationDealer from '../correlation/correlation-dealer.js';
import type { AnalysisConfig } from './analysis-config.js';
import type * as AnalysisParty from './analysis-party.js';

const program: PartyUrl<typeof AnalysisParty> = new URL('./analysis-party.js', import.meta.url);
const dealer: PartyUrl<typeof CorrelationDealer> = new URL('../correlation/correlation-dealer.js', import.meta.url);

/** Bytes that a result has for the maps and lists by column, in JSON; the report holds all of each. */
const ROOM = { statistics: 24 * 1024, correlation_matrix: 24 * 1024, not_correlated: 4 * 1024, suppressed: 8 * 1024 };

/** Runs `analysis`: a process for each party, and with several parties one for the dealer. `recorder` is for tests. */
export async function runAnalysis(
  run: TaskRun<AnalysisConfig>,
  recorder?: (message: CrossedMessage) => void,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const args = reportArgs(config);
  const ownPath = ownReportPath(config);
  const outcomes = await runParties({
    program,
    parties: args,
    neutral: Object.keys(args).length > 1 ? { program: dealer, args: null } : undefined,
    run,
    recorder,
  });
  const values = Object.entries(outcomes.parties).map(([party, { value }]) => [party, value] as const);
  const { rows, columns, correlation_matrix } = values[0]![1].correlation!;
  const nameOf = columnNamer(
    Object.fromEntries(values.map(([party, value]) => [party, [...Object.keys(value.columns), ...value.suppressed]])),
  );
  const byName = (of: (value: AnalysisParty.AnalysisPartyValue) => object): JsonObject =>
    Object.fromEntries(
      values.flatMap(([party, value]) =>
        Object.entries(of(value)).map(([column, each]) => [nameOf(party, column), each as Json]),
      ),
    );
  const facts = {
    rows,
    suppressed: Object.fromEntries(values.map(([party, value]) => [party, [...value.suppressed]])),
  };
  const maps = {
    statistics: byName((value) => value.columns),
    not_correlated: byName((value) => value.not_correlated),
    correlation_matrix: correlation_matrix!,
  };
  const suppressed = fittingNames(facts.suppressed, ROOM.suppressed);
  const result: JsonObject = { rows, suppressed: suppressed.inline };
  if (suppressed.truncated) result.suppressed_truncated = true;
  for (const key of ['statistics', 'not_correlated', 'correlation_matrix'] as const) {
    const { inline, truncated } = fitting(maps[key], ROOM[key]);
    result[key] = inline;
    if (truncated) result[`${key}_truncated`] = true;
  }
  result.withheld = { ...WITHHELD_STATISTICS };
  const { partyResults } = outcomes;
  if (ownPath !== null) return { result: { output_report: ownPath, ...result }, artifacts: [], partyResults };
  const request = { target: config.output_report, name: 'analysis.json', mediaType: 'application/json' };
  const report = JSON.stringify(
    { type: 'analysis', ...facts, columns, ...maps, withheld: WITHHELD_STATISTICS },
    null,
    2,
  );
  const { reference, artifact } = await writeSharedArtifact(run, request, `${report}\n`);
  return { result: { output_report: reference, ...result }, artifacts: [artifact], partyResults };
}
