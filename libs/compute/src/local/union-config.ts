import { configSchema, inputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { tables } from './expr-config.js';

export const unionSchema = configSchema(
  'union',
  {
    input_data: perParty(
      { type: 'array', items: inputPath, minItems: 2, maxItems: 100, uniqueItems: true },
      'Tables of each party, CSV or Parquet, with the same columns.',
    ),
    output_data: tables.output_data,
  },
  ['input_data'],
);

export type UnionConfig = ConfigOf<typeof unionSchema>;
