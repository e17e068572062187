import { FaultList, type PARAM_MARKS, type VALUE_KEYWORDS } from '#libs/chain-domain';
import { addSchemaFaults, compileSchema } from '../../http/schema-faults.js';

/** The name of a parameter or an output: it stands in references. */
const NAME = '^[A-Za-z_][A-Za-z0-9_-]{0,63}$';
const count = { type: 'integer', minimum: 0 } as const;
const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'] as const;
const children = { type: 'object', maxProperties: 100, additionalProperties: { $ref: '#/$defs/value' } } as const;
const names = { type: 'array', maxItems: 100, uniqueItems: true, items: { type: 'string', maxLength: 64 } } as const;

const value = {
  type: { anyOf: [{ enum: TYPES }, { type: 'array', minItems: 1, uniqueItems: true, items: { enum: TYPES } }] },
  title: { type: 'string', maxLength: 255 },
  description: { type: 'string', maxLength: 10_000 },
  default: true,
  examples: { type: 'array' },
  enum: { type: 'array', minItems: 1, maxItems: 1_000 },
  const: true,
  minimum: { type: 'number' },
  maximum: { type: 'number' },
  exclusiveMinimum: { type: 'number' },
  exclusiveMaximum: { type: 'number' },
  multipleOf: { type: 'number', exclusiveMinimum: 0 },
  minLength: count,
  maxLength: count,
  minItems: count,
  maxItems: count,
  items: { $ref: '#/$defs/value' },
  minProperties: count,
  maxProperties: count,
  properties: children,
  required: names,
  additionalProperties: { anyOf: [{ type: 'boolean' }, { $ref: '#/$defs/value' }] },
} as const satisfies Readonly<Record<(typeof VALUE_KEYWORDS)[number], object | true>>;

const mark = { type: 'boolean' } as const;
const marks: Readonly<Record<(typeof PARAM_MARKS)[number], object>> = {
  'x-secret': mark,
  'x-dataset': mark,
  'x-artifact': mark,
};

/**
 * What `params` of a chain may be: a JSON Schema 2020-12 of an object, of the keywords that say what a form can show.
 */
export const paramsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['properties'],
  properties: {
    type: { const: 'object' },
    title: value.title,
    description: value.description,
    additionalProperties: { const: false },
    required: names,
    properties: {
      type: 'object',
      minProperties: 1,
      maxProperties: 100,
      propertyNames: { pattern: NAME },
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        properties: {
          ...value,
          ...marks,
        },
      },
    },
  },
  $defs: { value: { type: 'object', additionalProperties: false, properties: value } },
} as const;

/** Characters of a schema as JSON. */
const MAX_SCHEMA = 64 * 1024;
const checkValueSchema = compileSchema({ $ref: '#/$defs/value', $defs: paramsSchema.$defs });

/** What is wrong with a schema that a task brings for a value, of the same keywords as `params`; `at`: its place. */
export function valueSchemaFaults(schema: object, at: string): { pointer: string; message: string }[] {
  const text = JSON.stringify(schema);
  if (text.length > MAX_SCHEMA) return [{ pointer: at, message: `has more than ${MAX_SCHEMA} characters of JSON` }];
  if (text.includes('${')) return [{ pointer: at, message: 'is written out: it takes no references' }];
  const faults = new FaultList();
  addSchemaFaults(checkValueSchema, schema, faults);
  return faults.toArray().map(({ pointer = '', message }) => ({ pointer: at + pointer, message }));
}

const ITEM = { type: 'object', additionalProperties: true } as const;

/** The fields of a chain that make it a function: what it takes, what it is given, what it gives back. */
export const functionFields = {
  params: {
    ...ITEM,
    description:
      'The parameters of the chain: a JSON Schema 2020-12 of an object, with defaults. ${params.<name>} in task_params stands for the value. `x-secret: true` takes a secret as ${secrets.<name>}, `x-dataset: true` a dataset as dataset:<party>/<name>@<version>, and `x-artifact: true` artifacts of the chain around a child, out of a result. Without pattern, uniqueItems, $ref and combinations.',
    examples: [
      { type: 'object', required: ['keys'], properties: { keys: { type: 'array', items: { type: 'string' } } } },
    ],
  },
  args: {
    ...ITEM,
    description: 'A value for each parameter that has no default. At most 64 KiB of JSON.',
    examples: [{ keys: ['id'] }],
  },
  outputs: {
    type: 'object',
    maxProperties: 64,
    propertyNames: { pattern: NAME },
    additionalProperties: { type: 'string', minLength: 1, maxLength: 1_000 },
    description:
      'Results of the chain by name: references ${tasks.<task_id>.result.<path>}. Once the chain has ended, GET /chains/{chain_id} shows their values.',
    examples: [{ rows: '${tasks.psi.result.intersection_count}' }],
  },
} as const;
