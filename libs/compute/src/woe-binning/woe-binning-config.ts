import { columnName, columnNames, configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

/** As in SecretFlow's `vert_woe_binning`. */
export const DEFAULT_BINS = 10;
export const DEFAULT_POSITIVE = '1';

export const woeBinningSchema = configSchema(
  'woe_binning',
  {
    input_data: perParty(inputPath, 'Table of each party, CSV or Parquet, with the same rows in the same order.'),
    columns: perParty(
      { ...columnNames, minItems: 0 },
      'Columns to bin, {party: list}. A column of numbers alone, besides missing values, is binned by its numbers, any other by its categories.',
    ),
    label_column: {
      ...perParty(columnName, 'The label, {party: column}: a column of one party with two values.'),
      maxProperties: 1,
    },
    positive_label: {
      type: ['string', 'number'],
      maxLength: 1024,
      default: DEFAULT_POSITIVE,
      description: 'The value of the label that counts as positive.',
    },
    binning_method: {
      type: 'string',
      enum: ['quantile', 'equal_width'],
      default: 'quantile',
      description: 'Bins of numbers: of equal numbers of rows, or of equal width.',
    },
    bin_num: {
      type: 'integer',
      minimum: 2,
      maximum: 1000,
      default: DEFAULT_BINS,
      description: 'Bins of a column of numbers, before small ones are merged.',
    },
    output_values: {
      type: 'string',
      enum: ['woe', 'bin'],
      default: 'woe',
      description: 'What a value becomes: the weight of evidence of its bin, or the index of the bin.',
    },
    output_data: perParty(outputPath, 'Output table of each party.'),
  },
  ['input_data', 'columns', 'label_column'],
);

/** `task_config` of `woe_binning`. */
export type WoeBinningConfig = ConfigOf<typeof woeBinningSchema>;
