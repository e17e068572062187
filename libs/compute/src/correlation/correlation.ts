import { defineTask } from '../contract/define-task.js';
import { pearsonSchema, vifSchema } from './correlation-config.js';

/** Correlations of all parties' columns (SecretFlow's `pearsonr`), by products of secret shares. */
export const pearsonCorrelation = defineTask({
  type: 'pearson_correlation',
  title: 'Pearson correlation across parties',
  description:
    'Correlations of the numeric columns of all parties, with each other and across parties, over rows that are aligned by psi. ' +
    'Each party standardises its columns. They are multiplied on secret shares, and only the correlations are opened.',
  configSchema: pearsonSchema,
  leaves:
    'Uniformly masked columns, the number of rows and the names of columns; each correlation, rounded to three decimals on shares, is opened to the two parties of its columns, and all of them are in the result. Whoever chooses a column learns at most 11 bits of the other one from each correlation: of 30 labels coded in one column, 20 were read, 15 of which by guessing.',
  needsParties: true,
  load: async () => (await import('./correlation-run.js')).runPearsonCorrelation,
});

/** How much each column is explained by all others (SecretFlow's `vif`), across parties. */
export const vif = defineTask({
  type: 'vif',
  title: 'Variance inflation factors across parties',
  description:
    'For each column 1 / (1 - R^2) of its regression on the columns of all parties: the diagonal of the inverse of their correlations. ' +
    'At most 1,000, which is where the other columns determine it. Correlations are computed as in pearson_correlation.',
  configSchema: vifSchema,
  leaves:
    'Uniformly masked columns, the number of rows and the names of columns; each correlation, rounded to three decimals on shares, is opened to the two parties of its columns and to the first party, the factors are in the result. Whoever chooses a column learns at most 11 bits of the other one from each correlation: of 30 labels coded in one column, 20 were read, 15 of which by guessing.',
  needsParties: true,
  load: async () => (await import('./correlation-run.js')).runVif,
});
