import { configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

const models = perParty(
  { type: ['string', 'array'], minLength: 1, maxLength: 4096, items: inputPath, minItems: 1, maxItems: 1000 },
  'The model of each party, or several. By default the model_paths in the results of the tasks that this one depends on: ' +
    'train tasks (of one party or of several), or aggregate, merge_models and federated_training.',
);

/** The schema of `aggregate` and of `merge_models`. */
export const aggregateSchema = (type: string) =>
  configSchema(
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
  );

/** `task_config` of `aggregate` and `merge_models`. */
export type AggregateConfig = ConfigOf<ReturnType<typeof aggregateSchema>>;
