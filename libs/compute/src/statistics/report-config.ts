import type { Json } from '../contract/task-type.js';

/** Parameters of the types that describe all parties' columns in one report. */
export interface ReportConfig {
  readonly input_data: Readonly<Record<string, string>>;
  readonly columns?: Json;
  readonly output_report?: string;
}

/** Where each party keeps the report by itself, or null where it becomes an artifact of the task. */
export function ownReportPath({ output_report: path }: ReportConfig): string | null {
  return path?.startsWith('artifact:') === false ? path : null;
}

/** What each party's thread is told (`StatisticsPartyArgs`), with `more` besides. */
export function reportArgs(config: ReportConfig, more: Readonly<Record<string, Json>> = {}): Record<string, Json> {
  const common = { columns: config.columns ?? null, reportPath: ownReportPath(config), ...more };
  const parties = Object.keys(config.input_data).sort();
  return Object.fromEntries(parties.map((party) => [party, { inputPath: config.input_data[party]!, ...common }]));
}
