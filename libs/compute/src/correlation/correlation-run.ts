import { writeSharedArtifact } from '../party/output-files.js';
import type { PartyUrl } from '../party/party-program.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { ownReportPath, reportArgs, type ReportConfig } from '../statistics/report-config.js';
import { fitting } from '../contract/inline-result.js';
import type { JsonObject, TaskRun, TaskRunResult } from '../contract/task-type.js';
import type { PearsonConfig, VifConfig } from './correlation-config.js';
import type * as CorrelationDealer from './correlation-dealer.js';
import type * as CorrelationParty from './correlation-party.js';

const program: PartyUrl<typeof CorrelationParty> = new URL('./correlation-party.js', import.meta.url);
const dealer: PartyUrl<typeof CorrelationDealer> = new URL('./correlation-dealer.js', import.meta.url);

type Recorder = (message: CrossedMessage) => void;

/** Runs `pearson_correlation`. `recorder` is for tests. */
export async function runPearsonCorrelation(run: TaskRun<PearsonConfig>, recorder?: Recorder): Promise<TaskRunResult> {
  return runCorrelation('pearson_correlation', 'correlation_matrix', run, recorder);
}

/** Runs `vif`. `recorder` is for tests. */
export async function runVif(run: TaskRun<VifConfig>, recorder?: Recorder): Promise<TaskRunResult> {
  return runCorrelation('vif', 'vif_values', run, recorder);
}

async function runCorrelation(
  type: CorrelationParty.CorrelationArgs['type'],
  key: 'correlation_matrix' | 'vif_values',
  run: TaskRun<ReportConfig>,
  recorder?: Recorder,
): Promise<TaskRunResult> {
  const config = run.params.task_config;
  const args = reportArgs(config);
  const parties = Object.keys(args);
  const ownPath = ownReportPath(config);
  const outcomes = await runParties({
    program,
    parties: Object.fromEntries(parties.map((party) => [party, { type, ...args[party]! }])),
    neutral: parties.length > 1 ? { program: dealer, args: null } : undefined,
    resultOf: parties[0]!,
    run,
    recorder,
  });
  const report = outcomes.parties[parties[0]!]!.value!;
  const { inline, truncated } = fitting(report[key]!);
  const result: JsonObject = { rows: report.rows, [key]: inline, ...(truncated && { [`${key}_truncated`]: true }) };
  if (ownPath !== null) return { result: { output_report: ownPath, ...result }, artifacts: [] };
  const request = { target: config.output_report, name: `${type}.json`, mediaType: 'application/json' };
  const text = `${JSON.stringify(report, null, 2)}\n`;
  const { reference, artifact } = await writeSharedArtifact(run, request, text);
  return { result: { output_report: reference, ...result }, artifacts: [artifact] };
}
