import { columnChoice, configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

export const tableStatisticsSchema = configSchema(
  'table_statistics',
  {
    input_data: perParty(inputPath, 'Table of each party, CSV or Parquet.'),
    columns: columnChoice('Columns to describe; by default every numeric one.'),
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
