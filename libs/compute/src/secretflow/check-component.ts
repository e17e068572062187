import { escape, isMap } from '../contract/json-values.js';
import type { ParamFault } from '../contract/task-type.js';
import { findComponent, isOfTables, type ListedComponent } from './component-list.js';
import type { Asked } from './component-review.js';
import { REVIEWED } from './reviewed-components.js';

type Fields = Readonly<Record<string, unknown>>;
/** Far more than an input takes a value from is still to come: it is looked at again when it is known. */
const isOpen = (value: unknown): boolean => typeof value === 'string' && value.includes('${');
const fieldsOf = (value: unknown): Fields => (isMap(value) ? value : {});
const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];

/** What the schema of `component` cannot say. Takes a `task_config` that fits it, in which any text may still be a reference. */
export function checkComponent(config: Fields): ParamFault[] {
  const found = findComponent(config['component']);
  if (found === undefined) return [];
  const faults: ParamFault[] = [];
  const add = (pointer: string, message: string, code?: ParamFault['code']): void =>
    void faults.push({ pointer, message, ...(code && { code }) });
  const asked = askedOf(config);
  faults.push(...inputFaults(found, asked), ...outputFaults(found, config), ...columnFaults(config));
  const reviewed = REVIEWED[found.id];
  if (reviewed === undefined) {
    if (config['not_reviewed'] !== true) add('/component', notReviewed(found.id), 'COMPONENT_NOT_REVIEWED');
    return faults;
  }
  if (config['not_reviewed'] !== undefined) add('/not_reviewed', `must be absent: ${found.id} has been reviewed`);
  const { most, least = most } = reviewed.parties;
  const count = asked.parties.length;
  if (count < least || count > most)
    add(
      '/input_data',
      `must name ${least === most ? most : `${least} or ${most}`} ${most === 1 ? 'party' : 'parties'}`,
    );
  for (const [name, must] of Object.entries(reviewed.attrs ?? {})) {
    const { [name]: value } = asked.attrs;
    if (isOpen(value) || must.values.some((each) => each === value)) continue;
    add(`/attrs/${escape(name)}`, `${must.message}`);
  }
  if (reviewed.needsSemi2k && count > 1 && asked.protocol !== 'SEMI2K' && !isOpen(asked.protocol))
    add(
      '/protocol',
      `must be SEMI2K: ${found.id} computes in a ring of 128 bits, which CHEETAH has not`,
      'PROTOCOL_UNSUPPORTED',
    );
  faults.push(...(reviewed.check?.(asked) ?? []));
  return faults;
}

export const notReviewed = (id: string): string =>
  `is ${id}, of which nobody has reviewed what it sends: take one that was, or let the operator name it in SECRETFLOW_COMPONENTS and say "not_reviewed": true`;

/** What a config asks for, whatever it holds. */
function askedOf(config: Fields): Asked {
  return {
    parties: Object.keys(fieldsOf(config['input_data'])).sort(),
    protocol: config['protocol'] ?? 'CHEETAH',
    attrs: fieldsOf(config['attrs']),
    inputs: fieldsOf(config['input_data']) as Asked['inputs'],
    label: typeof config['label'] === 'string' ? config['label'] : undefined,
    labelParty: typeof config['label_party'] === 'string' ? config['label_party'] : undefined,
  };
}

/** Each input has to have what it takes, of as many parties as it takes. */
function inputFaults({ id, inputs }: ListedComponent, { inputs: given, parties }: Asked): ParamFault[] {
  const known = new Set(inputs.map(({ port }) => port));
  const names = [...known].join(', ') || 'none';
  const strange = Object.entries(given).flatMap(([party, ports]) =>
    Object.keys(fieldsOf(ports))
      .filter((port) => !known.has(port))
      .map((port) => ({
        pointer: `/input_data/${escape(party)}/${escape(port)}`,
        message: `is no input of ${id}: there are ${names}`,
      })),
  );
  const missing = inputs.flatMap((port): ParamFault[] => {
    const of = parties.filter((party) => Object.hasOwn(fieldsOf(given[party]), port.port));
    const own = (message: string) => [{ pointer: '/input_data', message: `${port.port}: ${message}` }];
    if (of.length === 0) return port.optional ? [] : own('no party brings it');
    if (!isOfTables(port)) {
      // It names a program's objects: only what a component has left is taken.
      const strangers = of.filter((party) => {
        const path: unknown = fieldsOf(given[party])[port.port];
        return !isOpen(path) && !(typeof path === 'string' && path.startsWith('artifact:'));
      });
      return strangers.length > 0
        ? own('must be an artifact: reference to what an earlier component left')
        : of.length < parties.length
          ? own('every party brings its part')
          : [];
    }
    const takesOne = port.types.includes('sf.table.individual');
    const takesMore = port.types.includes('sf.table.vertical');
    if (of.length > 1 && !takesMore) return own('is a table of one party');
    return of.length === 1 && !takesOne ? own('is a table of several parties: each brings its columns') : [];
  });
  return [...strange, ...missing];
}

function outputFaults({ id, outputs }: ListedComponent, config: Fields): ParamFault[] {
  const tables = outputs.filter(isOfTables).map(({ port }) => port);
  return Object.entries(fieldsOf(config['output_data'])).flatMap(([party, ports]) =>
    Object.keys(fieldsOf(ports))
      .filter((port) => !tables.includes(port))
      .map((port) => ({
        pointer: `/output_data/${escape(party)}/${escape(port)}`,
        message: `is no table that ${id} gives: there are ${tables.join(', ') || 'none'}`,
      })),
  );
}

/** Columns in `attrs` are those that go in, so that an owner reads all of them in `keys`, `features` and `label`. */
function columnFaults(config: Fields): ParamFault[] {
  const { keys, features, label, label_party: labelParty } = config;
  const faults: ParamFault[] = [];
  if ((label === undefined) !== (labelParty === undefined))
    faults.push({ pointer: '/label_party', message: 'stands beside label: both, or neither' });
  const lists = [keys, features].flatMap((each) => Object.values(fieldsOf(each)));
  const known = new Set<unknown>([...lists.flatMap(textsOf), label]);
  if (isOpen(label) || [keys, features, ...lists].some(isOpen) || lists.flatMap(textsOf).some(isOpen)) return faults;
  for (const [path, value] of Object.entries(fieldsOf(config['attrs']))) {
    if (!path.startsWith('input/')) continue;
    for (const column of textsOf(value))
      if (!isOpen(column) && !known.has(column))
        faults.push({
          pointer: `/attrs/${escape(path)}`,
          message: `names ${JSON.stringify(column)}, which is neither in keys nor in features, nor the label`,
        });
  }
  const twice = Object.keys(fieldsOf(config['input_data'])).flatMap((party) => {
    const own = [...textsOf(fieldsOf(keys)[party]), ...textsOf(fieldsOf(features)[party])];
    return [...own, ...(party === labelParty && typeof label === 'string' ? [label] : [])];
  });
  const seen = new Set<string>();
  const ids = new Set(Object.values(fieldsOf(keys)).flatMap(textsOf));
  for (const column of twice) {
    if (seen.has(column) && !ids.has(column))
      faults.push({ pointer: '/features', message: `names ${JSON.stringify(column)} twice` });
    seen.add(column);
  }
  return faults;
}
