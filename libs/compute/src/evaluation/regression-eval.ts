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
    'Figures rounded to their standard errors, in ten buckets of at least 20 rows: three digits at most, and of a row that outweighs all others one digit. Each metric of assert reveals one bit. For a label of at most 16 values all figures are counted against half a bit for each row, over all tasks, 21 bits each: curves are withheld where they would take more than half of what is left, then all but RMSE and R2.',
  needsParties: true,
  configSchema: regressionEvalSchema,
  check: holderFaults,
  load: async () => (await import('./regression-eval-run.js')).runRegressionEval,
});
