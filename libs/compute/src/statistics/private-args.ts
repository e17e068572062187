import { reportArgs, type ReportArgs } from './report-config.js';
import { DEFAULT_FIGURES, type PrivateFigure, type TableStatisticsConfig } from './table-statistics-config.js';

/** Arguments of a party that describes its table with `epsilon`. */
export interface PrivateStatisticsArgs extends ReportArgs {
  readonly epsilon: number;
  readonly figures: readonly PrivateFigure[];
}

export const figuresOf = ({ figures = DEFAULT_FIGURES }: TableStatisticsConfig): readonly PrivateFigure[] => figures;

/** Arguments of each party. */
export function privateArgs(config: TableStatisticsConfig, epsilon: number): Record<string, PrivateStatisticsArgs> {
  const parties = Object.entries(reportArgs(config));
  return Object.fromEntries(
    parties.map(([party, args]) => [party, { ...args, epsilon, figures: figuresOf(config) }] as const),
  );
}
