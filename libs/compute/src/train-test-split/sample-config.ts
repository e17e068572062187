import { columnName, configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { trainTestSplitSchema } from './train-test-split-config.js';

export const sampleSchema = configSchema(
  'sample',
  {
    input_data: perParty(inputPath, 'Table of each party, CSV or Parquet.'),
    fraction: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 1,
      description: 'Share of the rows to take, rounded to the nearest row.',
    },
    count: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000_000,
      description: 'Number of rows to take; a table of fewer gives all.',
    },
    random_state: {
      ...trainTestSplitSchema.properties.random_state,
      description: 'Seed of the draw; the same seed on the same table gives the same rows.',
    },
    label_column: perParty(
      columnName,
      'A column of the table: each of its values, at most 16, has the same share of its rows in the sample.',
    ),
    output_data: perParty(outputPath, 'Output table of each party.'),
  },
  ['input_data'],
);

export type SampleConfig = ConfigOf<typeof sampleSchema>;
