import { defineTask } from '../contract/define-task.js';
import { biclassificationEvalSchema } from './biclassification-eval-config.js';
import { holderFaults } from './evaluation-schema.js';

/** Figures and curves of predictions for two classes, made by the party that holds them. */
export const biclassificationEval = defineTask({
  type: 'biclassification_eval',
  title: 'Evaluation of a binary classifier',
  description:
    'AUC (ties count half), KS, F1, precision, recall and accuracy (at 0.5) of a table with a label of 0 or 1 and a ' +
    'predicted probability, with the data of its ROC, KS and calibration curves and score buckets.',
  leaves:
    'Figures rounded to their standard errors, at the cuts of a grid of twentieths, in buckets of at least 20 rows in steps of 20. Whoever chose the scores and moves one row between two evaluations learns its label in part: with 40 rows he guesses 66 % right where 60 % are blind, with 200 and more no more than blind. Each metric of assert reveals one bit. All figures are counted against half a bit for each row of the table, over all tasks: 50 bits of metrics at 2,000 rows. Curves are withheld where they would take more than half of what is left, then all metrics but AUC and accuracy.',
  needsParties: true,
  configSchema: biclassificationEvalSchema,
  check: holderFaults,
  load: async () => (await import('./biclassification-eval-run.js')).runBiclassificationEval,
});
