import fc, { type Arbitrary } from 'fast-check';
import { resolved, type Schema } from './operations.js';

const TEXTS = [
  '', ' ', '\0', 'a\0b', '\n', '\r\nX-Injected: 1', '\u202e', '\ufeff', '\ud800', 'e\u0301', 'İ', '🎉', '名'.repeat(300),
  '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '.', '..', '../../../etc/passwd', '..\\..\\x',
  '%00', '%2e%2e%2f', '%', '%ff', "'; DROP TABLE task_chains; --", '" OR 1=1', '<script>alert(1)</script>', '{{7*7}}',
  '${tasks.a.result}', '${tasks.a', '$${', '${secrets.x}', 'tasks.a.result', '1'.repeat(400), '-0', '1e999', 'NaN', 'null',
  'true', '[]', '{}', '*', '"', '""', 'W/"1"', '"1.1"', 'a'.repeat(5_000), '0', '-1', '1.5', '2147483648', '9223372036854775808',
  '0001-01-01T00:00:00Z', '2026-02-30T00:00:00Z', '+275760-09-13T00:00:00.001Z', '294277-01-01T00:00:00Z', 'infinity', 'now', 'yesterday',
  'http://127.0.0.1/', 'http://[::1]:1/', 'file:///etc/passwd', 'https://user:pass@example.com/', 'javascript:alert(1)',
]; // prettier-ignore

/** Texts of which somebody's parser, database or file system may think ill. */
export const hostileText: Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 300 }) },
);

const NUMBERS = [0, -0, 1, -1, 0.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, -(2 ** 53), 1e300, 5e-324, 11, 1_001, 10_001];

/** Any JSON value, odd ones by preference. */
export const hostileValue: Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  { weight: 2, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 2, arbitrary: fc.constantFrom(null, true, false, [], {}, [[]], [null], { '': '' }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
  { weight: 1, arbitrary: fc.integer({ min: 2, max: 200 }).map(nest) },
  { weight: 1, arbitrary: fc.integer({ min: 2, max: 2_000 }).map((n) => Array.from({ length: n }, (_, i) => i)) },
);

function nest(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Ids in place of which `Campaign` puts one that there is. */
export const CHAIN = '@chain@';
export const TASK = '@task@';
export const WEBHOOK = '@webhook@';
export const DELIVERY = '@delivery@';
export const KEY = '@key@';

/** Values that a schema allows, or nearly: what is within it counts, not each of its bounds. */
export function valueOf(given: Schema, name = ''): Arbitrary<unknown> {
  const schema = resolved(given);
  const byName = NAMED[name];
  if (byName !== undefined) return byName;
  const made = madeFrom(schema);
  if (name === 'tasks') return fc.oneof(goodTasks, made);
  if (schema.examples === undefined || schema.examples.length === 0 || schema.properties !== undefined) return made;
  return fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...schema.examples) }, { weight: 3, arbitrary: made });
}

/** Where the type alone would seldom make anything that counts. */
const NAMED: Readonly<Record<string, Arbitrary<unknown>>> = {
  ids: fc.array(fc.oneof(fc.constant(CHAIN), hostileText), { minLength: 1, maxLength: 5 }),
  from: fc.array(fc.oneof(fc.constant(TASK), fc.constantFrom('a', 'b')), { minLength: 1, maxLength: 3 }),
  task_type: fc.constantFrom('diagnostic', 'diagnostic', 'psi', 'report', 'aggregate'),
  task_id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  when: fc.constantFrom('true', 'tasks.a.result.x > 1', 'tasks.a.status == "SUCCESS"', '[1, 2].all(x, x > 0)', '1 +'),
  concurrency_key: fc.constantFrom('k', 'k', '名', ''),
  concurrency_limit: fc.constantFrom(1, 2, 10, 0),
  chain_name: fc.oneof(fc.constantFrom('one', '联邦'), fc.constantFrom('one', '联邦'), hostileText),
  depends_on: fc.subarray(['a', 'b', { task_id: 'c', when: 'true' }]),
  // A bulk action with few chains a second takes 20 s.
  max_per_second: fc.constantFrom(1_000, 999),
};

/** Tasks of which most make a chain. */
const goodTasks = fc
  .array(
    fc.record(
      {
        task_params: fc.record({
          task_config: fc.record({ delay_ms: fc.nat(100), result: hostileValue }, { requiredKeys: [] }),
        }),
        depends_on: fc.subarray(['a', 'b', 'c', 'd']),
        priority: fc.constantFrom('low', 7),
        tolerable: fc.boolean(),
        end_chain: fc.constant({ when: 'chain.name == "ends"', status: 'FAILURE' }),
        timeout: fc.integer({ min: 1, max: 2_592_000 }),
        task_name: fc.constantFrom('名', 'n'),
      },
      { requiredKeys: ['task_params', 'depends_on'] },
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((tasks) =>
    tasks.map(({ depends_on: dependsOn, ...rest }, i) => ({
      task_id: 'abcde'[i],
      task_type: 'diagnostic',
      depends_on: dependsOn.filter((id) => id < 'abcde'[i]!),
      ...rest,
    })),
  );

function madeFrom(schema: Schema): Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const branches = schema.oneOf ?? schema.anyOf;
  if (branches !== undefined) return fc.oneof(...branches.map((branch) => valueOf(branch)));
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type;
  if (types === undefined) return hostileValue;
  return fc.oneof(...types.map((type) => ofType(type, schema)));
}

function ofType(
  type: string,
  { properties, required = [], dependentRequired = {}, items, minimum, maximum, minItems, pattern }: Schema,
): Arbitrary<unknown> {
  switch (type) {
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number': {
      const min = minimum ?? -10;
      return fc.integer({ min, max: Math.max(min, maximum ?? 1_000_000) });
    }
    case 'array':
      return fc.array(valueOf(items ?? {}), { minLength: Math.min(1, minItems ?? 0), maxLength: 4 });
    case 'object': {
      if (properties === undefined) return fc.dictionary(fc.string({ maxLength: 8 }), hostileValue, { maxKeys: 4 });
      const model = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, valueOf(each, name)]));
      return fc.record(model, { requiredKeys: required as string[] }).map((made) => {
        for (const [name, needs] of Object.entries(dependentRequired)) {
          if (needs.some((needed) => !(needed in made))) delete made[name];
        }
        return made;
      });
    }
    default:
      if (pattern !== undefined)
        return fc.oneof(fc.stringMatching(new RegExp(pattern), { maxLength: 30 }), hostileText);
      return fc.oneof(fc.string({ minLength: 1, maxLength: 30 }), hostileText);
  }
}
