import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  expandParams,
  type FaultList,
  isObject,
  type JsonValue,
  parseReference,
  type ParamSource,
  pointer,
  quoted,
  secretNameOf,
  splitText,
} from '#libs/chain-domain';
import type { ChainOutputs } from '#libs/chain-engine';
import { parseDatasetRef } from '#libs/consent';
import { addSchemaFaults, compileSchema } from '../../http/schema-faults.js';
import { taskLabel } from './chain-schema-faults.js';
import { paramsSchema } from './params.schema.js';

/** Characters of `params`, and of `args`, as JSON. */
const MAX_JSON = 64 * 1024;

const checkParams = compileSchema(paramsSchema);

type Json = Readonly<Record<string, JsonValue>>;

/** A body whose parameters have been put in: it has neither `params` nor `args`. */
export interface ExpandedBody {
  readonly body: Readonly<Record<string, unknown>>;
  readonly tasks: readonly unknown[];
  /** Where the caller has to look for what is wrong at a place of the expanded body. */
  readonly placeOf: (place: string) => string;
}

/**
 * Puts the values of parameters into the tasks of a body, and adds what is wrong with the declaration, the values and their use. All
 * that comes after sees a chain that was written out: so the rights, policies and secrets of the caller decide. What is `open` stays: its
 * value comes when the chain starts.
 */
export function expandBody(
  { params, args, ...body }: Readonly<Record<string, unknown>>,
  tasks: readonly unknown[],
  faults: FaultList,
  open: ReadonlySet<string> = new Set(),
): ExpandedBody {
  const { properties, given, values, known } = valuesOf(params, args, open, faults);
  const declared = Object.keys(properties);
  const secrets = new Set(declared.filter((name) => properties[name]!['x-secret'] === true));
  const { expand, used, sources } = expandParams({ declared, values, secrets, open });
  const expandedIn = <Holder extends object>(
    holder: Holder,
    field: string,
    label: string,
    place: readonly (string | number)[],
  ): Holder => {
    const written = (holder as Readonly<Record<string, JsonValue | undefined>>)[field];
    if (written === undefined) return holder;
    const { value, faults: found } = expand(written, [...place, field]);
    // Where declaration or values are wrong there are no values at all.
    for (const fault of found) {
      if (known || fault.code !== 'NO_VALUE') faults.add({ ...fault, message: label + fault.message });
    }
    return value === written ? holder : { ...holder, [field]: value };
  };
  const expanded = tasks.map((task, position) => {
    if (!isObject(task)) return task;
    const label = taskLabel(task, position);
    const place = ['tasks', position];
    const made = expandedIn(expandedIn(task, 'task_params', label, place), 'for_each', label, place);
    const undo = made['compensate_with'];
    if (!isObject(undo)) return made;
    return { ...made, compensate_with: expandedIn(undo, 'task_params', label, [...place, 'compensate_with']) };
  });
  for (const name of declared.filter((each) => !used.has(each))) {
    const message = `No task uses the parameter ${quoted(name)}: write \${params.${name}} in task_params or for_each, or take it out.`;
    faults.add({ code: 'UNUSED_PARAM', pointer: pointer('params', 'properties', name), message });
  }
  return { body: { ...body, tasks: expanded }, tasks: expanded, placeOf: placeIn(sources, given) };
}

/** The outputs of a body as they are read later, and what is wrong with them. */
export function outputsOf(
  { outputs }: Readonly<Record<string, unknown>>,
  positions: ReadonlyMap<string, number>,
  faults: FaultList,
): ChainOutputs | null {
  if (!isObject(outputs)) return null;
  const read: [string, ChainOutputs[string]][] = [];
  for (const [name, text] of Object.entries(outputs)) {
    if (typeof text !== 'string') continue;
    const [segment, more] = splitText(text);
    const parsed = segment?.kind === 'reference' && more === undefined ? parseReference(segment, positions) : undefined;
    const add = (code: string, why: string): void =>
      faults.add({ code, pointer: pointer('outputs', name), message: `The output ${quoted(name)} ${why}.` });
    if (parsed?.ok !== true) add('MALFORMED_REFERENCE', 'must be one reference: ${tasks.<task_id>.result.<path>}');
    else if (parsed.reference.party !== undefined) {
      add(
        'PARTY_RESULT_NOT_ALLOWED',
        'cannot be a result of one party: only that party may know it. Read it at the task',
      );
    } else if (!positions.has(parsed.reference.taskId)) {
      add(
        'REFERENCE_UNKNOWN_TASK',
        `refers to task ${quoted(parsed.reference.taskId)}, and there is no such task in this chain`,
      );
    } else read.push([name, { task_id: parsed.reference.taskId, path: parsed.reference.path.map(String) }]);
  }
  return read.length === 0 ? null : Object.fromEntries(read);
}

interface Values {
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly given: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, JsonValue>;
  /** Whether declaration and values are right; else there are no values. */
  readonly known: boolean;
}

function valuesOf(params: unknown, args: unknown, open: ReadonlySet<string>, faults: FaultList): Values {
  const given = isObject(args) ? args : {};
  const names = [...Object.keys(given), ...open];
  const nothing: Values = { properties: {}, given: new Set(names), values: new Map(), known: true };
  if (params === undefined) {
    if (names.length > 0 || args !== undefined) {
      faults.add({
        code: 'UNKNOWN_FIELD',
        pointer: '/args',
        message: 'args gives values to params: declare them, or leave args out.',
      });
    }
    return nothing;
  }
  const before = faults.size;
  for (const [name, json] of Object.entries({ params, args })) {
    if (JSON.stringify(json ?? null).length <= MAX_JSON) continue;
    faults.add({
      code: 'OUT_OF_RANGE',
      pointer: `/${name}`,
      message: `${name} has more than ${MAX_JSON} characters of JSON.`,
    });
  }
  if (faults.size > before) return { ...nothing, known: false };
  addSchemaFaults(checkParams, params, faults, '/params', 'params: ');
  const all = isObject(params) && isObject(params['properties']) ? params['properties'] : {};
  const properties = Object.fromEntries(Object.entries(all).map(([name, each]) => [name, isObject(each) ? each : {}]));
  const checked = { ...nothing, properties };
  if (faults.size > before) return { ...checked, known: false };
  // Its own instance, which the next collection of garbage takes with the schema: the house's keeps what it compiled.
  const ajv = new Ajv2020({
    allErrors: true,
    strict: false,
    verbose: true,
    useDefaults: true,
    ownProperties: true,
    validateSchema: false,
  });
  // Without a prototype: a parameter may be called toString.
  const filled = Object.assign(Object.create(null) as Record<string, unknown>, structuredClone(given));
  addSchemaFaults(ajv.compile(closedSchema(params as Json, properties, open)), filled, faults, '/args');
  for (const name of open) {
    const says = openFault(properties[name]);
    if (says) faults.add({ code: says[0], pointer: pointer('args', name), message: `${quoted(name)} ${says[1]}.` });
  }
  for (const [name, property] of Object.entries(properties)) {
    // A default is what a turn may begin with.
    const value = filled[name] ?? (property['x-artifact'] === true ? property['default'] : undefined);
    if (value === undefined) continue;
    const says = kindFault(property, value);
    if (says) faults.add({ code: says[0], pointer: pointer('args', name), message: `${name} ${says[1]}.` });
  }
  if (faults.size > before) return { ...checked, known: false };
  return { ...checked, values: new Map(Object.entries(filled as Json)) };
}

/** What the values that are there must satisfy. */
function closedSchema(params: Json, properties: Values['properties'], open: ReadonlySet<string>): object {
  const { required } = params;
  return {
    ...params,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !open.has(name))),
    ...(Array.isArray(required) && { required: required.filter((name) => !open.has(String(name))) }),
    additionalProperties: false,
  };
}

function openFault(property: Readonly<Record<string, unknown>> | undefined): [string, string] | undefined {
  if (property === undefined) return ['UNKNOWN_FIELD', 'is no parameter of the chain'];
  if (property['x-secret'] !== true) return undefined;
  return ['INVALID_VALUE', 'takes a secret, and no result: write ${secrets.<name>}'];
}

function kindFault(
  property: Readonly<Record<string, unknown>>,
  value: unknown,
): [code: string, says: string] | undefined {
  const isSecret = typeof value === 'string' && secretNameOf(value) !== undefined;
  if (property['x-secret'] === true) {
    return isSecret ? undefined : ['INVALID_VALUE', 'takes a secret: write ${secrets.<name>}, never its value'];
  }
  if (property['x-artifact'] === true && holdsText(value)) {
    return [
      'ARTIFACT_OF_OTHER_CHAIN',
      'takes artifacts of the chain around this one: give a reference to a result there',
    ];
  }
  if (isSecret) return ['SECRET_NOT_ALLOWED', 'takes no secret: declare it with "x-secret": true'];
  if (property['x-dataset'] !== true || (typeof value === 'string' && parseDatasetRef(value) !== undefined))
    return undefined;
  return ['INVALID_VALUE', 'takes a dataset: dataset:<party>/<name>@<version>'];
}

const holdsText = (value: unknown): boolean =>
  typeof value === 'string' ||
  (isObject(value) && Object.values(value).some(holdsText)) ||
  (Array.isArray(value) && value.some(holdsText));

function placeIn(sources: ReadonlyMap<string, ParamSource>, given: ReadonlySet<string>): ExpandedBody['placeOf'] {
  return (place) => {
    const steps = place.split('/');
    for (let length = steps.length; length > 3; length--) {
      const source = sources.get(steps.slice(0, length).join('/'));
      if (source === undefined) continue;
      const root = given.has(source.name) ? ['args', source.name] : ['params', 'properties', source.name, 'default'];
      return [pointer(...root, ...source.path), ...steps.slice(length)].join('/');
    }
    return place;
  };
}
