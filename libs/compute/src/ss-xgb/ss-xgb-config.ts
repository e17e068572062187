import { configSchema } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { boostingParams } from '../vertical/boosting.js';
import { verticalData, verticalOutputs } from '../vertical/vertical-schema.js';

export const ssXgbSchema = configSchema(
  'ss_xgb',
  {
    ...verticalData,
    params: boostingParams,
    ...verticalOutputs,
  },
  ['features', 'label', 'label_party', 'train_data'],
);

/** `task_config` of `ss_xgb`. */
export type SsXgbConfig = ConfigOf<typeof ssXgbSchema>;
