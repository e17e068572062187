import { columnNames, configSchema, inputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

export const DEFAULT_BINS = 10;
export const DEFAULT_THRESHOLD = 0.25;

export const stabilitySchema = configSchema(
  'stability',
  {
    base_data: perParty(inputPath, 'Earlier table of each party, CSV or Parquet: its values make the bins.'),
    input_data: perParty(inputPath, 'Later table of each party, CSV or Parquet, compared with the earlier one.'),
    columns: perParty({ ...columnNames, maxItems: 1000 }, 'Columns to compare; without them all of the earlier table.'),
    bin_num: {
      type: 'integer',
      minimum: 2,
      maximum: 100,
      default: DEFAULT_BINS,
      description: 'Bins of a numeric column, with equal numbers of rows of the earlier table.',
    },
    threshold: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 100,
      default: DEFAULT_THRESHOLD,
      description: 'A column whose index is larger has shifted.',
    },
  },
  ['base_data', 'input_data'],
);

export type StabilityConfig = ConfigOf<typeof stabilitySchema>;
