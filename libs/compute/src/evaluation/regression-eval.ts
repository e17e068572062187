import type { BiclassificationConfig } from './biclassification-eval-config.js';
import { columnName, configSchema, type NativeTaskType } from '../contract/config-schema.js';
import { bucketSize, evaluationReport, holderFaults, numberGates, predictionData } from './evaluation-schema.js';

/** Figures of predicted numbers, made by the party that holds them. */
export const regressionEval: NativeTaskType = {
  type: 'regression_eval',
  title: 'Evaluation of a regression',
  description:
    'MSE, RMSE, MAE, MAPE, R2 and explained variance of a table with a true and a predicted number, with mean label and ' +
    'mean prediction in buckets of predictions and of residuals.',
  leaves:
    'The figures, and means of buckets of at least 5 rows. Two evaluations of almost the same rows give single rows by subtraction.',
  needsParties: true,
  configSchema: configSchema(
    'regression_eval',
    {
      prediction_data: predictionData,
      label_column: { ...columnName, default: 'label', description: 'Column of the true number.' },
      prediction_column: { ...columnName, default: 'prediction', description: 'Column of the predicted number.' },
      bucket_size: { ...bucketSize, description: 'How many buckets to make, at most.' },
      output_report: evaluationReport,
      assert: {
        type: 'object',
        description:
          'Bounds of the metrics, e.g. {"r2_score": {"min": 0.5}, "rmse": {"max": 10}}; the task fails outside of one.',
        additionalProperties: false,
        minProperties: 1,
        properties: numberGates,
      },
    },
    ['prediction_data'],
  ),
  check: (config) => holderFaults(config as unknown as BiclassificationConfig),
  load: async () => (await import('./regression-eval-run.js')).runRegressionEval,
};
