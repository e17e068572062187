import { isMap } from '../contract/json-values.js';
import type { ParamFault } from '../contract/task-type.js';

interface Keys {
  readonly keys?: unknown;
  readonly input_paths?: unknown;
  readonly receiver?: unknown;
  readonly left_party?: unknown;
}

/** What a schema cannot say of keys: two parties to `most`, each with as many key columns, and no other is named. `many` says how many. */
export function keysFaults(config: Keys, most: number, many: string): ParamFault[] {
  const { keys, input_paths: inputs } = config;
  if (!isMap(inputs)) return [];
  const faults: ParamFault[] = [];
  const parties = Object.keys(inputs);
  if (parties.length < 2 || parties.length > most) {
    faults.push({ pointer: '/input_paths', message: `must name ${many}` });
  }
  for (const field of ['receiver', 'left_party'] as const) {
    const name = config[field];
    if (typeof name !== 'string' || name.includes('${') || Object.hasOwn(inputs, name)) continue;
    faults.push({ pointer: `/${field}`, message: `must be one of ${parties.join(', ')}` });
  }
  if (!isMap(keys)) return faults;
  for (const party of parties) {
    if (!(party in keys))
      faults.push({ pointer: `/keys/${party}`, message: 'is required: name the key columns of this party' });
  }
  const lists = Object.values(keys).filter(Array.isArray);
  if (new Set(lists.map((list) => list.length)).size > 1) {
    faults.push({ pointer: '/keys', message: 'must name as many columns for each party' });
  }
  return faults;
}
