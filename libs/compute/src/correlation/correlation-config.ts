import { columnChoice, configSchema, inputPath, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

const inputData = perParty(inputPath, 'Table of each party, CSV or Parquet, with the same rows in the same order.');
const outputReport = {
  ...outputPath,
  description:
    'artifact:<name>, or no value: one report that all parties may read. A path: the same report in the folder of each party.',
} as const;

export const pearsonSchema = configSchema(
  'pearson_correlation',
  {
    input_data: inputData,
    columns: columnChoice('Columns to correlate; by default every numeric one.'),
    output_report: outputReport,
  },
  ['input_data'],
);

export const vifSchema = configSchema(
  'vif',
  { input_data: inputData, columns: columnChoice('Columns to compute factors for.'), output_report: outputReport },
  ['input_data', 'columns'],
);

/** `task_config` of `pearson_correlation`. */
export type PearsonConfig = ConfigOf<typeof pearsonSchema>;

/** `task_config` of `vif`. */
export type VifConfig = ConfigOf<typeof vifSchema>;
