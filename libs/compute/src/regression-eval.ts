import type { BiclassificationConfig } from './biclassification-eval-config.js';
import { columnName, configSchema, type NativeTaskType } from './config-schema.js';
import { evaluationReport, holderFaults, predictionData } from './evaluation-schema.js';
import { REGRESSION_METRICS } from './regression-metrics.js';
import type { JsonSchema } from './task-type.js';

const bound = (description: string): JsonSchema => ({ type: 'number', description });
const gate = (name: string): JsonSchema => ({
  type: 'object',
  description: `Bounds of ${name}.`,
  additionalProperties: false,
  minProperties: 1,
  properties: { min: bound('The lowest value that passes.'), max: bound('The highest value that passes.') },
});

/** Figures of predicted numbers, made by the party that holds them. */
export const regressionEval: NativeTaskType = {
  type: 'regression_eval',
  title: 'Evaluation of a regression',
  description:
    'MSE, RMSE, MAE, MAPE, R2 and explained variance of a table with a true and a predicted number, with mean label and ' +
    'mean prediction in buckets of predictions and of residuals.',
  leaves: 'The figures, and means of buckets of at least 5 rows. No row leaves its party.',
  needsParties: true,
  configSchema: configSchema(
    'regression_eval',
    {
      prediction_data: predictionData,
      label_column: { ...columnName, default: 'label', description: 'Column of the true number.' },
      prediction_column: { ...columnName, default: 'prediction', description: 'Column of the predicted number.' },
      bucket_size: {
        type: 'integer',
        minimum: 1,
        maximum: 100,
        default: 10,
        description: 'How many buckets to make, at most.',
      },
      output_report: evaluationReport,
      assert: {
        type: 'object',
        description:
          'Bounds of the metrics, e.g. {"r2_score": {"min": 0.5}, "rmse": {"max": 10}}; the task fails outside of one.',
        additionalProperties: false,
        minProperties: 1,
        properties: Object.fromEntries(REGRESSION_METRICS.map((name) => [name, gate(name)])),
      },
    },
    ['prediction_data'],
  ),
  check: (config) => holderFaults(config as unknown as BiclassificationConfig),
  load: async () => (await import('./regression-eval-run.js')).runRegressionEval,
};
