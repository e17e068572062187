import { configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { fitProperties, modelProperties } from './fit-config.js';

export const federatedTrainingSchema = configSchema(
  'federated_training',
  {
    train_data: {
      ...perParty(inputPath, 'Table of each party, with different rows and the same columns.'),
      minProperties: 2,
      maxProperties: 255,
    },
    ...modelProperties,
    initial_model: {
      ...perParty(
        inputPath,
        'The model to begin with, which every party has: model_paths of an earlier federated_training or aggregate with the same model, features and label. Without one the training begins with weights of zero.',
      ),
      minProperties: 0,
    },
    params: {
      type: 'object',
      description: 'How to train.',
      additionalProperties: false,
      properties: {
        rounds: {
          type: 'integer',
          minimum: 1,
          maximum: 10_000,
          default: 30,
          description: 'How often the models of the parties are averaged.',
        },
        ...fitProperties(
          1,
          'Train on columns scaled by the mean and deviation over the rows of all parties, from secure sums. The stored model takes unscaled columns.',
        ),
        epochs: {
          type: 'integer',
          minimum: 1,
          maximum: 10_000,
          default: 1,
          description:
            'Passes over its rows that a party makes in a round. With 1 and batch_size 0, a round is one step of gradient descent on all rows.',
        },
      },
    },
    min_parties: {
      type: 'integer',
      minimum: 2,
      maximum: 255,
      default: 2,
      description:
        'Minimum number of parties to continue with when some are lost. Over two thirds are needed in any case: of two or three parties all.',
    },
    model_output: perParty(outputPath, 'Output model of each party; by default the artifact <party>/model.json.'),
  },
  ['train_data', 'features', 'label'],
);

/** `task_config` of `federated_training`. */
export type FederatedTrainingConfig = ConfigOf<typeof federatedTrainingSchema>;

/** The number of secure sums of a training: for scaling, each round, and the last loss. */
export function countSums(rounds: number, standardize: boolean): number {
  return (standardize ? 2 : 1) + rounds + 1;
}
