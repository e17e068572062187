import { defineTask } from '../contract/define-task.js';
import { holderFaults } from './evaluation-schema.js';
import { predictionBiasEvalSchema } from './prediction-bias-eval-config.js';

/** Mean prediction against mean label by buckets of predictions, made by the party that holds both (SecretFlow's `prediction_bias_eval`). */
export const predictionBiasEval = defineTask({
  type: 'prediction_bias_eval',
  title: 'Bias of predictions by bucket',
  description:
    'By buckets of predictions of equal frequency or width: mean prediction, mean label, and the bias, their difference, of a table with a label and a ' +
    'prediction.',
  leaves:
    'Others see rounded figures alone, whatever the parameters: of classes in cells of a grid of twentieths, of numbers in ten buckets of equal ' +
    'frequency, each of at least 20 rows in steps of 20, and rounded to the standard error at the finest. All of them are counted before ' +
    'they are shown against half a bit for each row of a label of at most 16 values, over all tasks: of classes 28 bits at 100 rows and 152 at 2,000, of numbers 420. ' +
    'Where there is no room they are withheld. Whoever chose the predictions and moves one row to another bucket in a second task guesses its label ' +
    "77 % right with 41 rows and 70 % with 1,000, where 60 % are blind. The party's own readers get the exact figures.",
  needsParties: true,
  configSchema: predictionBiasEvalSchema,
  check: holderFaults,
  load: async () => (await import('./prediction-bias-eval-run.js')).runPredictionBiasEval,
});
