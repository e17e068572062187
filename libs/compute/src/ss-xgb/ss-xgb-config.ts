import { configSchema } from '../contract/config-schema.js';
import type { ConfigOf, Unresolved } from '../contract/config-type.js';
import type { ParamFault } from '../contract/task-type.js';
import { boostingParams } from '../vertical/boosting.js';
import { verticalData, verticalFaults, verticalOutputs } from '../vertical/vertical-schema.js';

/** A tree has all its nodes, so that its shape says nothing: the work doubles with each level. */
const MAX_DEPTH = 8;

const ssXgbParams = {
  ...boostingParams,
  properties: {
    ...boostingParams.properties,
    max_depth: { ...boostingParams.properties.max_depth, maximum: MAX_DEPTH },
  },
} as const;

/** The most that a score of the logistic loss may start from 0. */
const MAX_START = 16;

export const ssXgbSchema = configSchema(
  'ss_xgb',
  {
    ...verticalData,
    params: ssXgbParams,
    ...verticalOutputs,
  },
  ['features', 'label', 'label_party', 'train_data'],
);

/** `task_config` of `ss_xgb`. */
export type SsXgbConfig = ConfigOf<typeof ssXgbSchema>;

/** Checks beyond the schema. */
export function ssXgbFaults(config: Unresolved<SsXgbConfig>): ParamFault[] {
  const faults = verticalFaults(config);
  const { params } = config;
  if (typeof params !== 'object' || params.objective === 'linear') return faults;
  const start = params.base_score;
  if (typeof start !== 'number' || Math.abs(start) <= MAX_START) return faults;
  return [
    ...faults,
    {
      pointer: '/params/base_score',
      message: `must lie within -${MAX_START} and ${MAX_START} with a logistic objective`,
    },
  ];
}
