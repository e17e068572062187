import { columnName, columnNames, configSchema, outputPath } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { ofModel } from './evaluation-schema.js';

export const predictSchema = configSchema(
  'predict',
  {
    model: ofModel('The model of one party, or the slices of all parties, e.g. the model_paths of the training.'),
    input_data: ofModel(
      'Table of each party of the model to predict, with the columns that it was trained on; of several parties with the same rows in the same order.',
    ),
    prediction_receiver: {
      type: 'string',
      minLength: 1,
      description:
        'The one party that gets the predictions; required for several parties. With secureboost the party of the label.',
    },
    prediction_name: { ...columnName, default: 'prediction', description: 'The name of the column of predictions.' },
    keep_columns: {
      ...columnNames,
      description:
        "Columns of the receiver's table to write before the predictions, such as the id or the label; by default none.",
    },
    prediction_output: {
      ...outputPath,
      description:
        'Where the receiver keeps the predictions, a path or artifact:<name>; by default the artifact <party>/predictions.csv.',
    },
    serve: {
      type: 'object',
      description:
        'Opens no prediction by itself: the receiver asks for single rows at its site, over HTTP. Only task-chain-node serve takes it.',
      additionalProperties: false,
      required: ['key', 'scores'],
      properties: {
        key: { ...columnName, description: "The column of the receiver's table that names its rows, each once." },
        scores: { type: 'integer', minimum: 1, maximum: 100_000, description: 'The most rows that are opened.' },
        minutes: {
          type: 'integer',
          minimum: 1,
          maximum: 10_080,
          default: 480,
          description: 'How long rows are opened, from when all sites are ready.',
        },
      },
    },
  },
  ['model', 'input_data'],
);

/** `task_config` of `predict`. */
export type PredictConfig = ConfigOf<typeof predictSchema>;
