import {
  columnName,
  configSchema,
  inputPath,
  outputPath,
  perParty,
  type NativeTaskType,
} from '../contract/config-schema.js';
import { bucketSize, classGates, numberGates } from './evaluation-schema.js';
import type { JsonSchema, ParamFault } from '../contract/task-type.js';
import { labelPartyOf, type EvaluationConfig } from './evaluation-config.js';

const ofOneOrTwo = (description: string): JsonSchema => ({ ...perParty(inputPath, description), maxProperties: 2 });

/** Figures of a model on test data, whatever type has trained it. */
export const evaluation: NativeTaskType = {
  type: 'evaluation',
  title: 'Evaluation of a model on test data',
  description:
    'Predicts test data with a model of train, aggregate, merge_models or federated_training (of one party), or with both slices ' +
    'of ss_lr or ss_xgb, and evaluates: a logistic model as biclassification_eval does, a linear one as regression_eval.',
  leaves:
    "The figures, curves and buckets; those of under 5 rows are merged, and thresholds are scores of single rows. Of two parties' models the label's party gets the parts of the scores (ss_lr), or under masks the sides of the rows that reach a split (ss_xgb), and the predictions; the other party learns the row count and which of its splits are asked for.",
  needsParties: true,
  configSchema: configSchema(
    'evaluation',
    {
      model: ofOneOrTwo('The model of one party, or the slices of both, e.g. the model_paths of the training.'),
      test_data: ofOneOrTwo(
        'Table of each party of the model to predict, with the columns that it was trained on; of two parties with the same rows in the same order.',
      ),
      label: { ...columnName, description: 'Column of the true class, 0 or 1, or of the true number.' },
      label_party: {
        type: 'string',
        minLength: 1,
        description: 'The party that has the label, and gets the predictions; of two parties it must be named.',
      },
      bucket_size: { ...bucketSize, description: 'How many buckets to make, at most.' },
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
          'Bounds of the metrics that the model has, e.g. {"auc": {"min": 0.9}} or {"rmse": {"max": 10}}; the task fails outside of one.',
        additionalProperties: false,
        minProperties: 1,
        properties: { ...classGates, ...numberGates },
      },
    },
    ['model', 'test_data', 'label'],
  ),
  check: (config) => faultsOf(config as unknown as EvaluationConfig),
  load: async () => (await import('./evaluation-run.js')).runEvaluation,
};

/** What the schema cannot say: who takes part. While the chain is created any value may still be a reference. */
function faultsOf(config: EvaluationConfig): ParamFault[] {
  if (typeof config.model !== 'object' || typeof config.test_data !== 'object') return [];
  const parties = Object.keys(config.model);
  const faults: ParamFault[] = [];
  if (parties.toSorted().join() !== Object.keys(config.test_data).toSorted().join()) {
    faults.push({ pointer: '/test_data', message: `must be of the parties of model (${parties.join(', ')})` });
  }
  const labelParty = labelPartyOf(config);
  if (labelParty === undefined) {
    faults.push({ pointer: '/label_party', message: `is required with two parties: one of ${parties.join(', ')}` });
  } else if (!labelParty.includes('${') && !parties.includes(labelParty)) {
    const message = `${JSON.stringify(labelParty)} is no party of model (${parties.join(', ')})`;
    faults.push({ pointer: '/label_party', message });
  }
  return faults;
}
