import { writeSharedArtifact } from '../party/output-files.js';
import { runParties, type CrossedMessage } from '../party/run-parties.js';
import { fitting } from '../statistics/inline-result.js';
import type { Json, JsonObject, TaskRun, TaskRunResult } from '../task-type.js';
import type { CorrelationArgs, CorrelationReport } from './correlation-party.js';

interface CorrelationConfig {
  readonly input_data: Readonly<Record<string, string>>;
  readonly columns?: Json;
  readonly output_report?: string;
}

type Recorder = (message: CrossedMessage) => void;

/** Runs `pearson_correlation`. `recorder` is for tests. */
export async function runPearsonCorrelation(run: TaskRun, recorder?: Recorder): Promise<TaskRunResult> {
  return runCorrelation('pearson_correlation', 'correlation_matrix', run, recorder);
}

/** Runs `vif`. `recorder` is for tests. */
export async function runVif(run: TaskRun, recorder?: Recorder): Promise<TaskRunResult> {
  return runCorrelation('vif', 'vif_values', run, recorder);
}

async function runCorrelation(
  type: CorrelationArgs['type'],
  key: 'correlation_matrix' | 'vif_values',
  run: TaskRun,
  recorder?: Recorder,
): Promise<TaskRunResult> {
  const config = run.params.task_config as unknown as CorrelationConfig;
  const parties = Object.keys(config.input_data).sort();
  const ownPath = config.output_report?.startsWith('artifact:') === false ? config.output_report : null;
  const argsOf = (party: string): CorrelationArgs => ({
    type,
    inputPath: config.input_data[party]!,
    columns: config.columns ?? null,
    reportPath: ownPath,
  });
  const outcomes = await runParties({
    program: 'correlation',
    parties: Object.fromEntries(parties.map((party) => [party, argsOf(party) as unknown as Json])),
    ...(parties.length > 1 && { neutral: { program: 'correlation-dealer' as const, args: null } }),
    run,
    ...(recorder && { recorder }),
  });
  const report = outcomes[parties[0]!]!.value as unknown as CorrelationReport;
  const { inline, truncated } = fitting(report[key]!);
  const result: JsonObject = { rows: report.rows, [key]: inline, ...(truncated && { [`${key}_truncated`]: true }) };
  if (ownPath !== null) return { result: { output_report: ownPath, ...result }, artifacts: [] };
  const request = { target: config.output_report, name: `${type}.json`, mediaType: 'application/json' };
  const text = `${JSON.stringify(report, null, 2)}\n`;
  const { reference, artifact } = await writeSharedArtifact(run, request, text);
  return { result: { output_report: reference, ...result }, artifacts: [artifact] };
}
