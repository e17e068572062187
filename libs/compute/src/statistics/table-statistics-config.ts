import { columnChoice, configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

const PRIVATE_FIGURES = ['count', 'sum', 'mean', 'quartiles', 'histogram'] as const;
export type PrivateFigure = (typeof PRIVATE_FIGURES)[number];
/** What is drawn with `epsilon` where a task does not say. */
export const DEFAULT_FIGURES: readonly PrivateFigure[] = ['count', 'mean', 'quartiles'];

export const tableStatisticsSchema = configSchema(
  'table_statistics',
  {
    input_data: perParty(inputPath, 'Table of each party, CSV or Parquet.'),
    columns: columnChoice('Columns to describe; by default every numeric one, with epsilon every one that has bounds.'),
    epsilon: {
      type: 'number',
      minimum: 0.001,
      maximum: 100,
      description:
        'Figures for others are differentially private, and this is what they cost together, of the table of each party. In steps of 0.001.',
    },
    figures: {
      type: 'array',
      items: { enum: PRIVATE_FIGURES },
      minItems: 1,
      uniqueItems: true,
      description:
        'With epsilon: what is drawn of each column; by default count, mean and quartiles. The fewer, the less noise each has.',
    },
    joint: {
      type: 'boolean',
      description:
        'With epsilon: figures of the rows of all parties together alone. Their tables have the same columns and other rows. Needs two parties or more.',
    },
    output_report: {
      ...outputPath,
      description:
        'artifact:<name>, or no value: one report of all parties. A path: in the folder of each party, a report of its columns.',
    },
  },
  ['input_data'],
);

/** `task_config` of `table_statistics`. */
export type TableStatisticsConfig = ConfigOf<typeof tableStatisticsSchema>;
