import { configSchema } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { boostingParams } from '../vertical/boosting.js';
import { verticalData, verticalOutputs } from '../vertical/vertical-schema.js';

export const secureboostSchema = configSchema(
  'secureboost',
  {
    ...verticalData,
    params: boostingParams,
    ...verticalOutputs,
  },
  ['features', 'label', 'label_party', 'train_data'],
);

/** `task_config` of `secureboost`. */
export type SecureBoostConfig = ConfigOf<typeof secureboostSchema>;
