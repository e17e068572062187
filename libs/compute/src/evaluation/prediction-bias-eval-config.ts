import { columnName, configSchema } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { OBJECTIVES } from '../federated/model.js';
import { bucketSize, evaluationReport, predictionData } from './evaluation-schema.js';

/** How an evaluation of bias may cut predictions into buckets. */
export const BUCKET_METHODS = ['equal_frequency', 'equal_width'] as const;

export const predictionBiasEvalSchema = configSchema(
  'prediction_bias_eval',
  {
    prediction_data: predictionData,
    label_column: {
      ...columnName,
      default: 'label',
      description: 'Column of the true class, 0 or 1, or of the true number.',
    },
    prediction_column: {
      ...columnName,
      default: 'prediction',
      description: 'Column of the predicted probability of class 1, or of the predicted number.',
    },
    objective: {
      enum: OBJECTIVES,
      default: 'logistic',
      description: 'logistic: classes 0 and 1 against probabilities; linear: numbers.',
    },
    bucket_method: {
      enum: BUCKET_METHODS,
      default: 'equal_frequency',
      description: "How the party's own buckets are cut: about equally many rows, or equal width.",
    },
    bucket_num: { ...bucketSize, description: "Maximum number of the party's own buckets." },
    min_item_cnt_per_bucket: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      default: 20,
      description: "The fewest rows of one of the party's own buckets; a smaller one is merged with its neighbour.",
    },
    output_report: evaluationReport,
  },
  ['prediction_data'],
);

/** `task_config` of `prediction_bias_eval`. */
export type PredictionBiasConfig = ConfigOf<typeof predictionBiasEvalSchema>;
