import { columnChoice, configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

export const analysisSchema = configSchema(
  'analysis',
  {
    input_data: perParty(inputPath, 'Table of each party, CSV or Parquet, with the same rows in the same order.'),
    columns: columnChoice('Columns to analyse; by default every numeric one.'),
    output_report: {
      ...outputPath,
      description:
        'artifact:<name>, or no value: one report of all parties. A path: in the folder of each party, a report of its columns with all correlations.',
    },
  },
  ['input_data'],
);

/** `task_config` of `analysis`. */
export type AnalysisConfig = ConfigOf<typeof analysisSchema>;
