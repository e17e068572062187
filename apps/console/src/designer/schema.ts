import { isFields, type Fields } from './draft.js';

/** What a form shows for a part of a JSON Schema. */
export type Kind =
  | 'choice'
  | 'switch'
  | 'number'
  | 'either'
  | 'text'
  | 'texts'
  | 'artifact'
  | 'parties'
  | 'fields'
  | 'variants'
  | 'list'
  | 'map'
  | 'json';

const typesOf = (schema: Fields): string[] => [schema['type']].flat().filter((each) => typeof each === 'string');

export function kindOf(schema: Fields): Kind {
  if (schema['x-artifact'] === true) return 'artifact';
  if (Array.isArray(schema['enum'])) return 'choice';
  const types = typesOf(schema);
  // A map has rows where its keys are known: the parties of the task, or those of its default.
  const hasKeys = schema['x-per-party'] === true || (isFields(schema['default']) && !isFields(schema['properties']));
  if (hasKeys && isFields(schema['additionalProperties'])) return 'parties';
  if (types.includes('object')) {
    if (variantsOf(schema).all.length > 0) return 'variants';
    if (isFields(schema['properties'])) return 'fields';
    return isFields(schema['additionalProperties']) ? 'map' : 'json';
  }
  if (types.includes('array')) {
    const { items } = schema;
    if (!isFields(items)) return 'json';
    const isTexts = Array.isArray(items['enum'])
      ? items['enum'].every((each) => typeof each === 'string')
      : typesOf(items).join() === 'string';
    return isTexts ? 'texts' : kindOf(items) === 'json' ? 'json' : 'list';
  }
  // A switch has no place for what else it may be.
  if (types.includes('boolean')) return types.length === 1 ? 'switch' : 'json';
  if (types.includes('integer') || types.includes('number')) return types.includes('string') ? 'either' : 'number';
  return types.includes('string') ? 'text' : 'json';
}

/** Whether the field of a kind shows a value: else that is written as JSON, as a reference in place of an object is. */
export function fits(kind: Kind, value: unknown): boolean {
  switch (kind) {
    case 'json':
      return false;
    case 'fields':
    case 'variants':
    case 'parties':
      return value === undefined || isFields(value);
    case 'map':
      return value === undefined || typeof value === 'string' || isFields(value);
    case 'list':
      return value === undefined || typeof value === 'string' || Array.isArray(value);
    case 'texts':
      return value === undefined || Array.isArray(value);
    case 'choice':
    case 'switch':
      return true;
    default:
      return ['undefined', 'string', 'number'].includes(typeof value);
  }
}

/** The kinds of an object, and the field that names the kind. `all` is empty where there is one kind only. */
export function variantsOf(schema: Fields): {
  readonly name: string;
  readonly all: readonly { readonly is: string; readonly schema: Fields }[];
} {
  const { oneOf, discriminator } = schema;
  const name = isFields(discriminator) ? String(discriminator['propertyName']) : '';
  const all = (Array.isArray(oneOf) ? oneOf : []).flatMap((each: unknown) => {
    const properties = isFields(each) && isFields(each['properties']) ? each['properties'] : {};
    const own = properties[name];
    const is = isFields(own) ? own['const'] : undefined;
    return isFields(each) && typeof is === 'string' ? [{ is, schema: each }] : [];
  });
  return { name, all };
}

/** A value of which nothing is written yet, where one must stand: in a list or a map. */
export const blankOf = (schema: Fields): unknown => {
  const kind = kindOf(schema);
  if (kind === 'fields' || kind === 'variants' || kind === 'map' || kind === 'parties') return {};
  return kind === 'list' || kind === 'texts' ? [] : '';
};

/** Whether an empty list or map says something else than none: where one must be given, or another one holds in its place. */
export function saysEmpty(schema: Fields, required: boolean): boolean {
  const least = schema['minItems'] ?? schema['minProperties'];
  return (required || schema['default'] !== undefined) && !(typeof least === 'number' && least > 0);
}

/** The fields of an object, those that must be there first. What is fixed has no field. */
export function fieldsOf(schema: Fields): { name: string; schema: Fields; required: boolean }[] {
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
  const properties = isFields(schema['properties']) ? Object.entries(schema['properties']) : [];
  const all = properties.flatMap(([name, each]) =>
    isFields(each) && !('const' in each) ? [{ name, schema: each, required: required.has(name) }] : [],
  );
  return [...all.filter((each) => each.required), ...all.filter((each) => !each.required)];
}

/** A number where the text is one; a reference or what is half written stays a text, of which the API says what is wrong. So does `1e999`: JSON has no infinity. */
export const numberOf = (text: string): number | string => {
  const number = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
  return Number.isFinite(number) ? number : text;
};

/** A number where the text is the one way to write it, for what may be a number or a text: `007` and `NaN` stay what they are. */
export const eitherOf = (text: string): number | string =>
  Number.isFinite(Number(text)) && String(Number(text)) === text ? Number(text) : text;

/** A value as the text that stands for it in a field. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** References in a list or by party where the text is such JSON; else one reference. */
export function artifactsOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // A reference, or what is half written.
  }
  return text;
}

/** A name as a step of a JSON pointer. */
export const stepOf = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** The defaults of an object's fields. */
export function defaultsOf(schema: Fields): Fields {
  const properties = isFields(schema['properties']) ? Object.entries(schema['properties']) : [];
  return Object.fromEntries(
    properties.flatMap(([name, each]) => (isFields(each) && 'default' in each ? [[name, each['default']]] : [])),
  );
}
