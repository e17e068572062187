import { columnName, configSchema, inputPath, outputPath, perParty, type NativeTaskType } from './config-schema.js';
import { METRICS } from './metrics.js';
import { holderOf, type BiclassificationConfig } from './biclassification-eval-config.js';
import type { JsonSchema, ParamFault } from './task-type.js';

const ofOne = (path: JsonSchema, description: string): JsonSchema => ({
  ...perParty(path, description),
  type: ['string', 'object'],
  minLength: 1,
  maxProperties: 1,
});

const floor: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['min'],
  properties: { min: { type: 'number', minimum: 0, maximum: 1, description: 'The lowest value that passes.' } },
};

/** Figures and curves of predictions for two classes, made by the party that holds them. */
export const biclassificationEval: NativeTaskType = {
  type: 'biclassification_eval',
  title: 'Evaluation of a binary classifier',
  description:
    'AUC (ties count half), KS, F1, precision, recall and accuracy (at 0.5) of a table with a label of 0 or 1 and a ' +
    'predicted probability, with the data of its ROC, KS and calibration curves and score buckets.',
  leaves:
    'The figures, curves and buckets; buckets and steps of a curve under 5 rows are merged. No row leaves its party.',
  needsParties: true,
  configSchema: configSchema(
    'biclassification_eval',
    {
      prediction_data: ofOne(
        inputPath,
        'The table: {party: path}, or an artifact of one party, e.g. the prediction_output of ss_lr.',
      ),
      label_column: { ...columnName, default: 'label', description: 'Column of the true class, 0 or 1.' },
      prediction_column: {
        ...columnName,
        default: 'prediction',
        description: 'Column of the predicted probability of class 1, 0 to 1.',
      },
      bucket_size: {
        type: 'integer',
        minimum: 1,
        maximum: 100,
        default: 10,
        description: 'How many buckets of scores to make, at most.',
      },
      output_report: ofOne(outputPath, 'Where the report goes; by default the artifact <party>/evaluation.json.'),
      assert: {
        type: 'object',
        description: 'Floors under the metrics, e.g. {"auc": {"min": 0.9}}; the task fails below one.',
        additionalProperties: false,
        minProperties: 1,
        properties: Object.fromEntries(
          METRICS.map((name) => [name, { ...floor, description: `Floor under ${name}.` }]),
        ),
      },
    },
    ['prediction_data'],
  ),
  check: (config) => faultsOf(config as unknown as BiclassificationConfig),
  load: async () => (await import('./biclassification-eval-run.js')).runBiclassificationEval,
};

function faultsOf(config: BiclassificationConfig): ParamFault[] {
  const { prediction_data: data, output_report: report } = config;
  const faults: ParamFault[] = [];
  if (typeof data === 'string' && data.includes('${')) return faults;
  const holder = holderOf(data);
  if (!holder) {
    const message = 'must say whose it is: {party: path}, or artifact:<chain_id>/<task_id>/<party>/<name>';
    faults.push({ pointer: '/prediction_data', message });
  } else if (typeof report === 'object' && !(holder.party in report)) {
    faults.push({ pointer: '/output_report', message: `must belong to ${holder.party}, as prediction_data does` });
  }
  return faults;
}
