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
    'The figures, curves and buckets; buckets and steps of a curve under 20 rows are merged. Thresholds are scores of single rows, and two evaluations at other cuts give labels of single rows by subtraction.',
  needsParties: true,
  configSchema: biclassificationEvalSchema,
  check: holderFaults,
  load: async () => (await import('./biclassification-eval-run.js')).runBiclassificationEval,
});
