import { configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { fitProperties, modelProperties } from './fit-config.js';

export const trainSchema = configSchema(
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
        'Train on columns scaled by their mean and deviation. The stored model takes unscaled columns.',
      ),
    },
    model_output: perParty(outputPath, 'Output model; by default the artifact <party>/model.json.'),
  },
  ['train_data', 'features', 'label'],
);

/** `task_config` of `train`. */
export type TrainConfig = ConfigOf<typeof trainSchema>;
