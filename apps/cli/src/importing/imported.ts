import { isObject, pointer } from '#libs/chain-domain';

export type Json = Readonly<Record<string, unknown>>;

/** Why something did not carry over, in words that the program translates. */
export const REASONS = {
  NO_TYPE: 'no task type does the work of "{name}": give one under types of --with',
  UNUSED: 'the type given for "{name}" does not use it',
  UNKNOWN: 'a chain has nothing like it',
  PLATFORM: 'how and where it runs there is no part of a chain',
  SHOWN: 'how it is shown or loaded there: nothing depends on it',
  TEXT: '"{text}" has no counterpart and stays as it is',
  CONDITION: 'the condition "{text}" has no counterpart: write one in CEL',
  DEPENDS: '"{text}" has no trigger rule: the task waits for all that it names',
  RULE: 'the trigger rule "{text}" has none here: the task has all_success',
  STOPS: 'a rule that looks at failures needs stop_on_error: false',
  LOOP: 'this list is not known when the chain is created',
  LOOP_OF_TASKS: 'a loop around several tasks: they run once',
  RECURSION: 'a template that calls itself',
  TOO_MANY: 'it has more than 10,000 tasks',
  NO_TEMPLATE: 'there is no template "{name}" in this document',
  NO_TABLE: 'whose table "{name}" is, and where: give it under tables of --with',
  NO_PARTY: 'which party has the columns {name}: give them under tables of --with',
  PAUSED: 'it is paused there: pause the schedule once it is created',
  DURATION: '"{text}" is no duration that a chain has',
  VALUE: '"{text}" has no counterpart',
} as const;

/** Something that did not carry over, by its JSON pointer. */
export interface Note {
  readonly path: string;
  readonly reason: keyof typeof REASONS;
  readonly values: Readonly<Record<string, string>>;
}

/** What was made of a document: a chain, the schedule of its times (without the chain), and all that did not carry over. */
export interface Imported {
  readonly chain: Json;
  readonly schedule: Json | null;
  readonly notes: readonly Note[];
}

/** What a document does not say: task types by names of templates, operators, tasks or components; tables by their names. */
export interface Mapping {
  readonly types: Readonly<Record<string, Json>>;
  readonly tables: Readonly<
    Record<string, { readonly party: string; readonly path: string; readonly columns?: string[] }>
  >;
}

export type Place = readonly (string | number)[];

export class Notes {
  private readonly found = new Map<string, Note>();

  add(place: Place, reason: keyof typeof REASONS, values: Readonly<Record<string, string>> = {}): void {
    const path = pointer(...place);
    this.found.set(`${path} ${reason}`, { path, reason, values });
  }

  /** Notes each member of an object that is in none of these lists. */
  rest(value: Json, place: Place, known: readonly string[], platform: readonly string[] = []): void {
    for (const key of Object.keys(value)) {
      if (!known.includes(key)) this.add([...place, key], platform.includes(key) ? 'PLATFORM' : 'UNKNOWN');
    }
  }

  toArray(): Note[] {
    return [...this.found.values()];
  }
}

export const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);
export const objectOf = (value: unknown): Json => (isObject(value) ? value : {});
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
/** A text that is no reference, whatever stands in it. */
export const escaped = (text: string): string => text.replaceAll('${', () => '$${');

/** Ids that the API takes, each another one. */
export class Ids {
  private readonly taken = new Set<string>();

  take(name: string): string {
    const base = name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 60) || 'task';
    let id = base;
    for (let n = 2; this.taken.has(id); n++) id = `${base}-${n}`;
    this.taken.add(id);
    return id;
  }
}

/**
 * The type and parameters of a task: those that the mapping gives to the first of these names, with its inputs in place of
 * `${inputs.<name>}`; else the name itself, which no type has, so that the API refuses the chain until somebody decides.
 */
export function workOf(
  names: readonly string[],
  inputs: Readonly<Record<string, unknown>>,
  { types }: Mapping,
  notes: Notes,
  place: Place,
  placeOf: (input: string) => Place = (input) => [...place, input],
): Json {
  const name = names.find((each) => Object.hasOwn(types, each));
  if (name === undefined) {
    notes.add(place, 'NO_TYPE', { name: names[0]! });
    return { task_type: names[0]!, task_params: { task_config: inputs } };
  }
  const used = new Set<string>();
  const { task_type, task_params = { task_config: {} }, ...more } = types[name]!;
  const params = withInputs(task_params, inputs, used);
  for (const input of Object.keys(inputs)) if (!used.has(input)) notes.add(placeOf(input), 'UNUSED', { name });
  return { task_type, task_params: params, ...more };
}

function withInputs(value: unknown, inputs: Readonly<Record<string, unknown>>, used: Set<string>): unknown {
  if (typeof value === 'string') {
    const find = (name: string, otherwise: string): unknown => {
      if (!Object.hasOwn(inputs, name)) return otherwise;
      used.add(name);
      return inputs[name];
    };
    const whole = /^\$\{inputs\.([^{}]+)\}$/.exec(value);
    if (whole) return find(whole[1]!, value);
    return value.replaceAll(/\$\{inputs\.([^{}]+)\}/g, (text, name: string) => {
      const found = find(name, text);
      return typeof found === 'string' ? found : JSON.stringify(found);
    });
  }
  if (Array.isArray(value)) return value.map((each) => withInputs(each, inputs, used));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withInputs(each, inputs, used)]));
}

/** Without members that are undefined. */
export function given(value: Json): Json {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
}
