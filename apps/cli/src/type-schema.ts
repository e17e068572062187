/** What is read of a JSON Schema of a task type's parameters. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly [keyword: string]: unknown;
}

interface Field {
  readonly name: string;
  readonly schema: Schema;
  readonly isNeeded: boolean;
}

/** The fields of an object, of the objects in a list or map, or of each form that a value may have. */
export function fieldsOf(schema: Schema): Field[] {
  const { properties = {}, required = [] } = schema;
  const own = Object.entries(properties).map(([name, each]) => ({
    name,
    schema: each,
    isNeeded: required.includes(name),
  }));
  const found = own.length > 0 ? own : insideOf(schema).flatMap(fieldsOf);
  return found.filter(({ name }, i) => found.findIndex((each) => each.name === name) === i);
}

/** A field by its name. */
export function fieldAt(schema: Schema, name: string): Schema | undefined {
  return fieldsOf(schema).find((field) => field.name === name)?.schema;
}

function insideOf({ items, additionalProperties, anyOf = [], oneOf = [] }: Schema): Schema[] {
  const each = typeof additionalProperties === 'object' ? [additionalProperties] : [];
  return [...(items === undefined ? [] : [items]), ...each, ...anyOf, ...oneOf];
}

/** A type in words, such as `{party: list of text}`. */
export function typeOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  const types = [schema.type ?? []].flat();
  if (types.length > 0) return types.map((type) => oneType(schema, type)).join(' or ');
  const forms = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return forms.length > 0 ? [...new Set(forms.map(typeOf))].join(' or ') : 'any JSON';
}

function oneType(schema: Schema, type: string): string {
  if (type === 'string') return 'text';
  if (type === 'integer') return 'whole number';
  if (type === 'array') return `list of ${schema.items === undefined ? 'any JSON' : typeOf(schema.items)}`;
  const each = schema.additionalProperties;
  if (type !== 'object' || typeof each !== 'object') return type;
  return `{${schema['x-per-party'] === true ? 'party' : 'name'}: ${typeOf(each)}}`;
}

/** Keywords that limit a value, and how they are written. */
const LIMITS: Readonly<Record<string, string>> = {
  minimum: 'from',
  exclusiveMinimum: 'above',
  maximum: 'up to',
  exclusiveMaximum: 'below',
  minItems: 'entries from',
  maxItems: 'entries up to',
  minLength: 'characters from',
  maxLength: 'characters up to',
  pattern: 'pattern',
};

/** The limits of a value in words; empty where there are none. */
export function limitsOf(schema: Schema): string {
  return Object.entries(LIMITS)
    .filter(([keyword]) => schema[keyword] !== undefined)
    .map(([keyword, words]) => `${words} ${String(schema[keyword])}`)
    .join(', ');
}
