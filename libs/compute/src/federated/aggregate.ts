import { configSchema, inputPath, outputPath, perParty, type NativeTaskType } from '../contract/config-schema.js';
import type { JsonSchema, ParamFault } from '../contract/task-type.js';
import type { AggregateConfig } from './aggregate-config.js';

const models: JsonSchema = {
  ...perParty(
    { type: ['string', 'array'], minLength: 1, maxLength: 4096, items: inputPath, minItems: 1, maxItems: 1000 },
    'The model of each party, or several. By default the model_paths in the results of the tasks that this one depends on: ' +
      'train tasks (of one party or of several), or aggregate, merge_models and federated_training.',
  ),
};

const combining = (type: string, title: string, description: string): NativeTaskType => ({
  type,
  title,
  description,
  leaves:
    'Masked models. Their sum is revealed to the aggregator and the receivers, the number of rows behind it to all; the names ' +
    'of features are compared in clear. Of two parties, each can take its own model from the sum: a warning says so. Two sums ' +
    'that differ by one party give its model: nothing warns of that.',
  needsParties: true,
  configSchema: configSchema(
    type,
    {
      models,
      weighting: {
        enum: ['rows', 'equal'],
        default: 'rows',
        description: 'Whether a model counts by the rows that it was made from, or each model alike.',
      },
      min_parties: {
        type: 'integer',
        minimum: 2,
        maximum: 255,
        default: 2,
        description: 'Fewest parties to combine. Under 3, each of the two parties learns the model of the other.',
      },
      receivers: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        minItems: 1,
        uniqueItems: true,
        description: 'The parties that get the combined model; by default every party that gives one.',
      },
      model_output: perParty(
        outputPath,
        'Where each receiver keeps the combined model; by default the artifact <party>/model.json.',
      ),
    },
    [],
  ),
  check: (config) => receiverFaults(config as unknown as AggregateConfig),
  load: async () => (await import('./aggregate-run.js')).runAggregate,
});

/** Federated averaging in one round: the mean of the parties' models, and nothing of a single one. */
export const aggregate = combining(
  'aggregate',
  'Secure aggregation of models',
  'Averages the models of the upstream train tasks, weighted by their rows, with secure aggregation (Bonawitz et al. 2017). ' +
    'All models must have the same objective, label and features.',
);

/** As `aggregate`, by the name that a chain may give to a merge in its midst. */
export const mergeModels = combining(
  'merge_models',
  'Merge models',
  'Merges the models of upstream tasks (train, aggregate, federated_training) into their mean, by secure aggregation: the ' +
    'same work as aggregate, under the name for a merge in the midst of a chain.',
);

function receiverFaults({ models: given, receivers, model_output: outputs }: AggregateConfig): ParamFault[] {
  if (!Array.isArray(receivers)) return [];
  const names = receivers as readonly string[];
  const isOpen = (name: string): boolean => name.includes('${');
  const faults: ParamFault[] = [];
  for (const [at, receiver] of names.entries()) {
    if (typeof given !== 'object' || receiver in given || isOpen(receiver)) continue;
    const message = `gives no model; those that do are ${Object.keys(given).join(', ')}`;
    faults.push({ pointer: `/receivers/${at}`, message });
  }
  for (const party of typeof outputs === 'object' && !names.some(isOpen) ? Object.keys(outputs) : []) {
    if (names.includes(party)) continue;
    faults.push({ pointer: `/model_output/${party}`, message: `is no party of receivers (${names.join(', ')})` });
  }
  return faults;
}
