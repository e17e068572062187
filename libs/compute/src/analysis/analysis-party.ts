import { correlate, isFirst, type CorrelationReport } from '../correlation/correlation-party.js';
import { standardColumns } from '../correlation/standard-columns.js';
import { isConstant } from '../table/standardise.js';
import type { PartyProgram } from '../party/party-program.js';
import { writeJson } from '../party/write-json.js';
import {
  describeTable,
  keepStatistics,
  type ColumnStatistics,
  type StatisticsPartyValue,
} from '../statistics/statistics-party.js';
import type { ReportArgs } from '../statistics/report-config.js';

type WhyNot = 'gaps' | 'constant' | 'few_differ';

export interface AnalysisPartyValue extends StatisticsPartyValue {
  /** Columns that are described and not correlated, with the reason. */
  readonly not_correlated: Readonly<Record<string, WhyNot>>;
  /** With the first party alone. */
  readonly correlation: CorrelationReport | null;
}

/**
 * One party of `analysis`: describes its columns, and correlates those that have no gap and more than one value, of which
 * 20 rows and more differ from the most frequent one. Throws what
 * {@link describeTable} and {@link correlate} throw.
 */
export const run: PartyProgram<ReportArgs, AnalysisPartyValue> = async (context, args) => {
  const { fewApart, exact, seen, withheld } = await describeTable(context, args, 0.15);
  // Correlations are of the same rows.
  if (withheld) throw withheld.refusal;
  keepStatistics(context, exact);
  const leftOut = new Map(
    Object.keys(seen.columns).flatMap((name) => {
      const why = whyNot(exact.columns[name]!, exact.rows) ?? (fewApart.includes(name) ? 'few_differ' : undefined);
      return why ? [[name, why] as const] : [];
    }),
  );
  const names = Object.keys(seen.columns).filter((name) => !leftOut.has(name));
  const own = await standardColumns(context, args.inputPath, names);
  const correlation = await correlate(context, own, {
    type: 'pearson_correlation',
    toAll: args.reportPath !== null,
    others: [...leftOut.keys(), ...seen.suppressed],
  });
  const not_correlated = Object.fromEntries(leftOut);
  if (args.reportPath !== null) {
    const { columns: statistics, ...more } = exact;
    const report = {
      type: 'analysis',
      ...more,
      not_correlated,
      statistics,
      correlation_matrix: correlation!.correlation_matrix,
    };
    await writeJson(context, args.reportPath, 'analysis.json', report);
  }
  context.progress(1, 'done');
  return { ...seen, not_correlated, correlation: isFirst(context) ? correlation : null };
};

function whyNot({ count, mean, min, max }: ColumnStatistics, rows: number): WhyNot | undefined {
  if (count < rows) return 'gaps';
  return isConstant(mean, Math.max(max - mean, mean - min)) ? 'constant' : undefined;
}
