import { columnNames, configSchema, inputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

export const psiCountSchema = configSchema(
  'psi_count',
  {
    keys: perParty(columnNames, 'Key columns of each party, in matching order.'),
    input_paths: perParty(inputPath, 'Table of each party, CSV or Parquet.'),
    receiver: { type: 'string', description: 'The only party that learns the number.' },
  },
  ['keys', 'input_paths', 'receiver'],
);

/** `task_config` of `psi_count`. */
export type PsiCountConfig = ConfigOf<typeof psiCountSchema>;
