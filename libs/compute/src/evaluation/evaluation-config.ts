import { columnName, configSchema, outputPath } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { bucketSize, classGates, numberGates, ofModel } from './evaluation-schema.js';

export const evaluationSchema = configSchema(
  'evaluation',
  {
    model: ofModel('The model of one party, or the slices of all parties, e.g. the model_paths of the training.'),
    test_data: ofModel(
      'Table of each party of the model to predict, with the columns that it was trained on; of several parties with the same rows in the same order.',
    ),
    label: { ...columnName, description: 'Column of the true class, 0 or 1, or of the true number.' },
    label_party: {
      type: 'string',
      minLength: 1,
      description: 'The party that has the label and gets the predictions; required for several parties.',
    },
    bucket_size: { ...bucketSize, description: 'Maximum number of buckets.' },
    output_report: {
      ...outputPath,
      description: "Where the label's party keeps the report; by default the artifact <party>/evaluation.json.",
    },
    prediction_output: {
      ...outputPath,
      description:
        "Where the label's party keeps the predictions (columns label and prediction), a path or artifact:<name>; by default they are not kept.",
    },
    assert: {
      type: 'object',
      description:
        'Bounds of the metrics that the model has, e.g. {"auc": {"min": 0.9}} or {"rmse": {"max": 10}}; the task fails outside of them.',
      additionalProperties: false,
      minProperties: 1,
      properties: { ...classGates, ...numberGates },
    },
  },
  ['model', 'test_data', 'label'],
);

/** `task_config` of `evaluation`. */
export type EvaluationConfig = ConfigOf<typeof evaluationSchema>;
