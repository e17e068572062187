import { PER_PARTY } from './config-schema.js';
import { escape, isMap } from './json-values.js';
import type { ParamFault, TaskType } from './task-type.js';

/** `sf_init_config`, and the keys of every per-party map against its parties. */
export function partyFaults(
  type: TaskType,
  config: Record<string, unknown>,
  init: unknown,
  isOpen: (value: unknown) => boolean,
): ParamFault[] {
  if (isOpen(init)) return [];
  if (!isMap(init))
    return [{ pointer: '/sf_init_config', message: 'is required: {"parties": [...], "address": "local"}' }];
  const faults: ParamFault[] = [];
  const { parties } = init;
  if (isOpen(parties)) return faults;
  const names = Array.isArray(parties) ? (parties as unknown[]) : isMap(parties) ? Object.keys(parties) : undefined;
  if (!names) {
    if (type.needsParties)
      faults.push({
        pointer: '/sf_init_config/parties',
        message: 'is required: a list of party names, or {party: {}}',
      });
    return faults;
  }
  names.forEach((name, at) => {
    if (typeof name !== 'string')
      faults.push({ pointer: `/sf_init_config/parties/${at}`, message: 'must be the name of a party' });
    else if (names.indexOf(name) !== at)
      faults.push({ pointer: `/sf_init_config/parties/${at}`, message: 'names a party a second time' });
  });
  if (names.some(isOpen)) return faults;
  const properties = (type.configSchema.properties ?? {}) as Record<string, Record<string, unknown>>;
  for (const [key, schema] of Object.entries(properties)) {
    const map = config[key];
    if (!schema[PER_PARTY] || !isMap(map)) continue;
    for (const party of Object.keys(map)) {
      if (names.includes(party)) continue;
      faults.push({
        pointer: `/task_config/${key}/${escape(party)}`,
        message: `no such party in sf_init_config.parties (${names.join(', ')})`,
      });
    }
  }
  return faults;
}
