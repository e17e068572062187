import type { Json } from '../contract/task-type.js';

/** Parameters of the types that describe all parties' columns in one report. */
export interface ReportConfig {
  readonly input_data: Readonly<Record<string, string>>;
  readonly columns?: Json;
  readonly output_report?: string;
}

/** The path of each party's report, or null if the report is an artifact of the task. */
export function ownReportPath({ output_report: path }: ReportConfig): string | null {
  return path?.startsWith('artifact:') === false ? path : null;
}

/** Arguments of a party whose columns a report describes. */
export interface ReportArgs {
  readonly inputPath: string;
  /** As in the parameters. */
  readonly columns: Json;
  /** Path of the party's own report, if it gets one. */
  readonly reportPath: string | null;
}

/** Arguments of each party. */
export function reportArgs(config: ReportConfig): Record<string, ReportArgs> {
  const common = { columns: config.columns ?? null, reportPath: ownReportPath(config) };
  const parties = Object.keys(config.input_data).sort();
  return Object.fromEntries(parties.map((party) => [party, { inputPath: config.input_data[party]!, ...common }]));
}
