import { defineTask } from '../contract/define-task.js';
import { analysisSchema } from './analysis-config.js';

/** Statistics and correlations of all parties' columns in one report. */
export const analysis = defineTask({
  type: 'analysis',
  title: 'Statistics and correlation in one report',
  description:
    'Describes the numeric columns of each party as table_statistics does, and correlates those without gaps as ' +
    'pearson_correlation does, within and across parties, over rows that are aligned by psi. Columns with gaps, of one value, or ' +
    'in which under 20 rows differ from the most frequent value are described and not correlated; columns of under 20 values are left out.',
  configSchema: analysisSchema,
  leaves:
    'What table_statistics opens of each column, and what pearson_correlation opens of each pair: uniformly masked columns, the number of rows and the names of columns cross; each correlation, rounded to three decimals on shares, is opened to the two parties of its columns, and all of them are in the result. Whoever chooses a column learns at most 11 bits of the other one from each correlation: of 30 labels coded in one column, 20 were read, 15 of which by guessing.',
  needsParties: true,
  load: async () => (await import('./analysis-run.js')).runAnalysis,
});
