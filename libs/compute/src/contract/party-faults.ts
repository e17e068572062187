import { PER_PARTY } from './config-schema.js';
import { escape, isMap } from './json-values.js';
import type { JsonSchema, ParamFault, TaskType } from './task-type.js';

/** Far more parties than any task has: each is a process. */
const MAX_PARTIES = 1_000;

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
  if (names.length > MAX_PARTIES) {
    return [{ pointer: '/sf_init_config/parties', message: `names ${names.length} parties, more than ${MAX_PARTIES}` }];
  }
  const seen = new Set<string>();
  names.forEach((name, at) => {
    const pointer = `/sf_init_config/parties/${at}`;
    if (typeof name !== 'string') return faults.push({ pointer, message: 'must be the name of a party' });
    // On a case-insensitive disk they would share one folder.
    const folder = name.toLowerCase();
    if (seen.has(folder)) faults.push({ pointer, message: 'names a party a second time' });
    seen.add(folder);
  });
  if (names.some(isOpen)) return faults;
  return [
    ...faults,
    ...strangers(type, config, names, `no such party in sf_init_config.parties (${names.join(', ')})`),
  ];
}

/** The maps of what a task takes: a party that is not in one has nothing to work on, to keep or to choose from. */
const INPUTS = ['input_data', 'input_paths', 'train_data', 'models'];

/** Keys of per-party maps whose party gives no input: what they say would be passed over in silence. */
export function inputFaults(type: TaskType, config: Record<string, unknown>): ParamFault[] {
  return INPUTS.flatMap((key) => {
    const inputs = config[key];
    if (!isMap(inputs)) return [];
    const parties = Object.keys(inputs);
    return strangers(type, config, parties, `is no party of ${key} (${parties.join(', ')})`);
  });
}

/** Each key of a per-party map, at any depth, that is not in `names`. */
function strangers(
  type: TaskType,
  config: Record<string, unknown>,
  names: readonly unknown[],
  message: string,
): ParamFault[] {
  const known = new Set(names);
  return perPartyMaps(type.configSchema, config, '/task_config').flatMap(([pointer, map]) =>
    Object.keys(map).flatMap((party) =>
      known.has(party) ? [] : [{ pointer: `${pointer}/${escape(party)}`, message }],
    ),
  );
}

type Place = readonly [pointer: string, map: Record<string, unknown>];

/** The maps of a value that its schema marks as per party; in a list, those of each item's own branch. */
function perPartyMaps(schema: JsonSchema, value: unknown, pointer: string): Place[] {
  if (Array.isArray(value)) {
    const { items } = schema as { items?: JsonSchema };
    return items ? value.flatMap((item, at) => perPartyMaps(branchOf(items, item), item, `${pointer}/${at}`)) : [];
  }
  if (!isMap(value)) return [];
  if (schema[PER_PARTY]) return [[pointer, value]];
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
  return Object.entries(properties).flatMap(([key, each]) =>
    perPartyMaps(each, value[key], `${pointer}/${escape(key)}`),
  );
}

/** The alternative that a property of this value selects. */
function branchOf(schema: JsonSchema, value: unknown): JsonSchema {
  const { discriminator, oneOf } = schema as { discriminator?: { propertyName: string }; oneOf?: JsonSchema[] };
  if (!discriminator || !oneOf || !isMap(value)) return schema;
  const tag = discriminator.propertyName;
  const properties = (each: JsonSchema) => each.properties as Record<string, { const?: unknown }>;
  return oneOf.find((each) => properties(each)[tag]!.const === value[tag]) ?? schema;
}

/** Lower case, as neither DuckDB nor every disk tells cases apart. */
const TABLE_NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** Names of tables, in `input_data` by party and name, that no statement and no file may have. */
export function tableNameFaults(parties: unknown): ParamFault[] {
  const faults: ParamFault[] = [];
  for (const [party, tables] of isMap(parties) ? Object.entries(parties) : []) {
    for (const name of isMap(tables) ? Object.keys(tables) : []) {
      if (TABLE_NAME.test(name)) continue;
      const message = 'is no name for a table: lower-case letters, digits and "_", a letter first';
      faults.push({ pointer: `/input_data/${escape(party)}/${escape(name)}`, message });
    }
  }
  return faults;
}
