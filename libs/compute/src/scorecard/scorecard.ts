import { defineTask } from '../contract/define-task.js';
import { fitFaults } from '../ss-pvalue/fit-faults.js';
import { scorecardSchema } from './scorecard-config.js';

/** Points for each value of the columns of a logistic regression. */
export const scorecard = defineTask({
  type: 'scorecard',
  title: 'Scorecard of a regression',
  description:
    'Points for each value of the columns of a logistic model of ss_lr on tables of WOE or bins: their sum with the base points is ' +
    'scaled_value at odds of odd_base, and pdo more double the odds. The columns are fitted to the training tables by maximum likelihood, on secret shares, as ss_pvalue ' +
    'does, since odds of a line instead of the sigmoid would be others. Points are whole numbers; each party gets those of its own columns, and of others where their owner’s policy names it in effects_to.',
  configSchema: scorecardSchema,
  leaves:
    'Uniformly masked shares, the number of rows, and of the models their kind and the name of their training. Points of a column, whole numbers, are opened to ' +
    "the column's party alone, base points to the label's party: 18 bits for each column, as its values show one coefficient. Where the policy of that party names the other in effects_to, it gets points of values that 20 rows have, 12 bits each. Both parties learn one bit, whether there is a fit at all; there is none " +
    'where columns are collinear, tell the label, or differ in one row. How many values a column has stays with its party. At most one column for 20 rows: a party that chooses its columns ' +
    'learns what these 18 bits say of labels. They are counted against half a bit for each row of the label and of columns of at most 16 values, over all tasks.',
  needsParties: true,
  check: fitFaults,
  load: async () => (await import('./scorecard-run.js')).runScorecard,
});
