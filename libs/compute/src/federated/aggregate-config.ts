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
        description: 'Whether models are weighted by their number of training rows, or equally.',
      },
      min_parties: {
        type: 'integer',
        minimum: 2,
        maximum: 255,
        default: 2,
        description:
          'Minimum number of parties to combine. Under 3, each of the two parties learns the model of the other.',
      },
      receivers: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        minItems: 1,
        uniqueItems: true,
        description: 'The parties that get the combined model; by default every party that provides one.',
      },
      model_output: perParty(outputPath, 'Output model of each receiver; by default the artifact <party>/model.json.'),
    },
    [],
  );

/** `task_config` of `aggregate` and `merge_models`. */
export type AggregateConfig = ConfigOf<ReturnType<typeof aggregateSchema>>;
