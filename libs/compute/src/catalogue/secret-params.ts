import { SECRET } from '../contract/config-schema.js';
import { isMap } from '../contract/json-values.js';
import { findTaskType } from './task-types.js';

/**
 * Whether a parameter of the type may be a secret: its schema marks it by `x-secret: true`. Everywhere else a secret could
 * reach a file, a result or a name, changed so that nothing recognises it. `path` leads there from `task_params`.
 */
export function takesSecret(type: string, path: readonly (string | number)[]): boolean {
  const [first, ...steps] = path;
  let schema: unknown = first === 'task_config' ? findTaskType(type)?.configSchema : undefined;
  for (const step of steps) {
    if (!isMap(schema)) return false;
    if (typeof step === 'number') schema = schema.items;
    else {
      const { properties } = schema;
      schema = isMap(properties) && Object.hasOwn(properties, step) ? properties[step] : schema.additionalProperties;
    }
  }
  return isMap(schema) && schema[SECRET] === true;
}
