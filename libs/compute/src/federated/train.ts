import { configSchema, inputPath, outputPath, perParty, type NativeTaskType } from '../contract/config-schema.js';
import { fitFaults, fitProperties, modelProperties, type FitConfig } from './fit-config.js';

/** A model of each named party on its own rows, which stays with the party. */
export const train: NativeTaskType = {
  type: 'train',
  title: 'Local training',
  description:
    'Fits a logistic or linear regression of each party on its own rows. The model stays with its party as an artifact, ' +
    'until aggregate or merge_models combines the models of the upstream train tasks.',
  leaves: 'Nothing: the model, its loss and the number of rows stay with the party; only the name of the file is told.',
  needsParties: true,
  configSchema: configSchema(
    'train',
    {
      train_data: perParty(inputPath, 'Table of each party that trains.'),
      ...modelProperties,
      params: {
        type: 'object',
        description: 'How to train.',
        additionalProperties: false,
        properties: fitProperties(
          50,
          'Train on columns scaled by their own mean and deviation. The model that is kept works on the columns as they are.',
        ),
      },
      model_output: perParty(outputPath, 'Where the model goes; by default the artifact <party>/model.json.'),
    },
    ['train_data', 'features', 'label'],
  ),
  check: (config) => fitFaults(config as unknown as FitConfig),
  load: async () => (await import('./train-run.js')).runTrain,
};
