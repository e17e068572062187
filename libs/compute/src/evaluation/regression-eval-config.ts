import { columnName, configSchema } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { bucketSize, evaluationReport, numberGates, predictionData } from './evaluation-schema.js';

export const regressionEvalSchema = configSchema(
  'regression_eval',
  {
    prediction_data: predictionData,
    label_column: { ...columnName, default: 'label', description: 'Column of the true number.' },
    prediction_column: { ...columnName, default: 'prediction', description: 'Column of the predicted number.' },
    bucket_size: { ...bucketSize, description: 'Maximum number of buckets.' },
    output_report: evaluationReport,
    assert: {
      type: 'object',
      description:
        'Bounds of the metrics, e.g. {"r2_score": {"min": 0.5}, "rmse": {"max": 10}}; the task fails outside of them.',
      additionalProperties: false,
      minProperties: 1,
      properties: numberGates,
    },
  },
  ['prediction_data'],
);

/** `task_config` of `regression_eval`. */
export type RegressionEvalConfig = ConfigOf<typeof regressionEvalSchema>;
