import { columnName, configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

/** The share of the rows to train on where a task names none, as in scikit-learn and SecretFlow. */
export const DEFAULT_TRAIN_SIZE = 0.75;

export const trainTestSplitSchema = configSchema(
  'train_test_split',
  {
    input_data: perParty(inputPath, 'Table of each party, CSV or Parquet, with the same rows in the same order.'),
    train_size: {
      type: 'number',
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      default: DEFAULT_TRAIN_SIZE,
      description: 'Share of the rows to train on, rounded to the nearest row; the others are to test on.',
    },
    shuffle: {
      type: 'boolean',
      default: true,
      description: 'false: the first rows of the table are to train on, and the last ones to test on.',
    },
    random_state: {
      type: 'integer',
      minimum: 0,
      maximum: 4_294_967_295,
      default: 0,
      description: 'Seed of the draw; the same seed on the same tables gives the same rows.',
    },
    label_column: {
      ...perParty(
        columnName,
        'A column of one party, {party: column}: each of its values, at most 16, has the same share of its rows in both parts.',
      ),
      maxProperties: 1,
    },
    train_output: perParty(outputPath, 'Where each party keeps its rows to train on.'),
    test_output: perParty(outputPath, 'Where each party keeps its rows to test on.'),
  },
  ['input_data'],
);

/** `task_config` of `train_test_split`. */
export type TrainTestSplitConfig = ConfigOf<typeof trainTestSplitSchema>;
