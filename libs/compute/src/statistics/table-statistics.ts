import {
  columnChoice,
  configSchema,
  inputPath,
  outputPath,
  perParty,
  type NativeTaskType,
} from '../contract/config-schema.js';

/** Count, mean, deviation and quartiles of numeric columns (SecretFlow's `table_statistics`). */
export const tableStatistics: NativeTaskType = {
  type: 'table_statistics',
  title: 'Table statistics',
  description:
    'Describes the numeric columns of each party: count, mean, sample standard deviation, smallest, largest value and quartiles. ' +
    'Tables of under 5 rows are refused and columns of under 5 values left out.',
  configSchema: configSchema(
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
  ),
  leaves:
    "A column's own aggregates, of at least 5 values. The smallest and the largest are single values; of 5 values the quantiles are all of them.",
  needsParties: true,
  load: async () => (await import('./table-statistics-run.js')).runTableStatistics,
};
