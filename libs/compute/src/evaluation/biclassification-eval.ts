import type { BiclassificationConfig } from './biclassification-eval-config.js';
import { columnName, configSchema, type NativeTaskType } from '../contract/config-schema.js';
import { bucketSize, classGates, evaluationReport, holderFaults, predictionData } from './evaluation-schema.js';

/** Figures and curves of predictions for two classes, made by the party that holds them. */
export const biclassificationEval: NativeTaskType = {
  type: 'biclassification_eval',
  title: 'Evaluation of a binary classifier',
  description:
    'AUC (ties count half), KS, F1, precision, recall and accuracy (at 0.5) of a table with a label of 0 or 1 and a ' +
    'predicted probability, with the data of its ROC, KS and calibration curves and score buckets.',
  leaves:
    'The figures, curves and buckets; buckets and steps of a curve under 5 rows are merged. Thresholds are scores of single rows, and two evaluations at other cuts give labels of single rows by subtraction.',
  needsParties: true,
  configSchema: configSchema(
    'biclassification_eval',
    {
      prediction_data: predictionData,
      label_column: { ...columnName, default: 'label', description: 'Column of the true class, 0 or 1.' },
      prediction_column: {
        ...columnName,
        default: 'prediction',
        description: 'Column of the predicted probability of class 1, 0 to 1.',
      },
      bucket_size: { ...bucketSize, description: 'How many buckets of scores to make, at most.' },
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
  ),
  check: (config) => holderFaults(config as unknown as BiclassificationConfig),
  load: async () => (await import('./biclassification-eval-run.js')).runBiclassificationEval,
};
