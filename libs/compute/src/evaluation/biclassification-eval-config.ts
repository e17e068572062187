import { columnName, configSchema } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { bucketSize, classGates, evaluationReport, predictionData } from './evaluation-schema.js';

export const biclassificationEvalSchema = configSchema(
  'biclassification_eval',
  {
    prediction_data: predictionData,
    label_column: { ...columnName, default: 'label', description: 'Column of the true class, 0 or 1.' },
    prediction_column: {
      ...columnName,
      default: 'prediction',
      description: 'Column of the predicted probability of class 1, 0 to 1.',
    },
    bucket_size: { ...bucketSize, description: 'Maximum number of score buckets.' },
    output_report: evaluationReport,
    assert: {
      type: 'object',
      description: 'Floors under the metrics, e.g. {"auc": {"min": 0.9}}; the task fails below one.',
      additionalProperties: false,
      minProperties: 1,
      properties: classGates,
    },
  },
  ['prediction_data'],
);

/** `task_config` of `biclassification_eval`. */
export type BiclassificationConfig = ConfigOf<typeof biclassificationEvalSchema>;
