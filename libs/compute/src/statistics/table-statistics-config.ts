import { columnChoice, configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

export const tableStatisticsSchema = configSchema(
  'table_statistics',
  {
    input_data: perParty(inputPath, 'Table of each party, CSV or Parquet.'),
    columns: columnChoice('Columns to describe; without it every numeric one.'),
    output_report: {
      ...outputPath,
      description:
        'artifact:<name>, or nothing, makes one report of all parties. A path puts a report of its own columns in the folder of each party.',
    },
  },
  ['input_data'],
);

/** `task_config` of `table_statistics`. */
export type TableStatisticsConfig = ConfigOf<typeof tableStatisticsSchema>;
