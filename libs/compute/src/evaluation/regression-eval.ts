import { defineTask } from '../contract/define-task.js';
import { regressionEvalSchema } from './regression-eval-config.js';
import { holderFaults } from './evaluation-schema.js';

/** Figures of predicted numbers, made by the party that holds them. */
export const regressionEval = defineTask({
  type: 'regression_eval',
  title: 'Evaluation of a regression',
  description:
    'MSE, RMSE, MAE, MAPE, R2 and explained variance of a table with a true and a predicted number, with mean label and ' +
    'mean prediction in buckets of predictions and of residuals.',
  leaves:
    'The figures, and means of buckets of at least 20 rows. Two evaluations of almost the same rows give single rows by subtraction.',
  needsParties: true,
  configSchema: regressionEvalSchema,
  check: holderFaults,
  load: async () => (await import('./regression-eval-run.js')).runRegressionEval,
});
