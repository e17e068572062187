import { defineTask } from '../contract/define-task.js';
import { fitFaults } from './fit-faults.js';
import { ssPvalueSchema } from './ss-pvalue-config.js';

/** Whether each column of a regression on secret shares has an effect (SecretFlow's `ss_pvalue`). */
export const ssPvalue = defineTask({
  type: 'ss_pvalue',
  title: 'P-values of the columns of a regression',
  description:
    'Tests for each column of a model of ss_lr, and for its intercept, whether it has an effect: z and p of a Wald test (t in linear ' +
    'regression). The columns are fitted to the training tables by maximum likelihood, on secret shares, as statsmodels and R do: weights of ' +
    'ss_lr are those of a line instead of the sigmoid, and have no standard errors. Each party gets z and p of the columns that it has, and of others where their owner’s policy names it in effects_to.',
  configSchema: ssPvalueSchema,
  leaves:
    'Uniformly masked shares, the number of rows, and of the models their kind and the name of their training. z of a column, in three digits, is opened to ' +
    "the column's party alone, z of the intercept to the label's party: 12 bits each; to others where the policy of that party names them in effects_to. Both parties learn one bit, whether there is a fit at all. Columns that " +
    'are collinear or predict the label exactly have no fit. No coefficient, standard error, probability or matrix is opened. Each z is an equation about all columns and ' +
    'the label, at most one for 20 rows: a party that chooses its columns learns what these 12 bits say of labels, of columns that differ in three rows how many of the ' +
    'three are 1. They are counted against half a bit for each row of the label and of columns of at most 16 values, over all tasks.',
  needsParties: true,
  check: fitFaults,
  load: async () => (await import('./ss-pvalue-run.js')).runSsPvalue,
});
