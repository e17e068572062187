import { configSchema, inputPath, outputPath, perParty, type NativeTaskType } from '../contract/config-schema.js';
import type { ParamFault } from '../contract/task-type.js';
import type { FederatedTrainingConfig } from './federated-training-config.js';
import { fitFaults, fitProperties, modelProperties } from './fit-config.js';

/** One model on the rows of all parties, by federated averaging with secure aggregation. */
export const federatedTraining: NativeTaskType = {
  type: 'federated_training',
  title: 'Federated training',
  description:
    'Fits one logistic or linear regression on the rows of all parties, which hold the same columns of different rows, by ' +
    'federated averaging: in each round every party trains the common model on its own rows, and the results are averaged by ' +
    'secure aggregation (Bonawitz et al. 2017).',
  leaves:
    'Masked vectors. Of each only the sum over the parties is revealed, to the aggregator and the parties: the number of rows, ' +
    'means and deviations of the columns, and in each round the loss and the model. Of two parties, each can take its own ' +
    'part from the sum: a warning says so. Two trainings that differ by one party give its part: nothing warns of that.',
  needsParties: true,
  configSchema: configSchema(
    'federated_training',
    {
      train_data: {
        ...perParty(inputPath, 'Table of each party, with rows of its own and the same columns.'),
        minProperties: 2,
        maxProperties: 255,
      },
      ...modelProperties,
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
            'Train on columns scaled by the mean and deviation over the rows of all parties, from secure sums. The model that is ' +
              'kept works on the columns as they are.',
          ),
          epochs: {
            type: 'integer',
            minimum: 1,
            maximum: 10_000,
            default: 1,
            description:
              'Passes over its own rows that a party makes in a round. With 1 and a batch_size of 0 a round is one step of gradient ' +
              'descent on the rows of all.',
          },
        },
      },
      min_parties: {
        type: 'integer',
        minimum: 2,
        maximum: 255,
        default: 2,
        description: 'Fewest parties to go on with when some are lost.',
      },
      model_output: perParty(
        outputPath,
        'Where each party keeps the model; by default the artifact <party>/model.json.',
      ),
    },
    ['train_data', 'features', 'label'],
  ),
  check: (config) => faultsOf(config as unknown as FederatedTrainingConfig),
  load: async () => (await import('./federated-training-run.js')).runFederatedTraining,
};

function faultsOf(config: FederatedTrainingConfig): ParamFault[] {
  const faults = fitFaults(config);
  const { train_data: data, min_parties: least } = config;
  if (typeof data !== 'object' || typeof least !== 'number') return faults;
  const parties = Object.keys(data).length;
  if (least <= parties) return faults;
  return [...faults, { pointer: '/min_parties', message: `must be at most the ${parties} parties of train_data` }];
}
