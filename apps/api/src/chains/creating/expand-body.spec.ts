import { describe, expect, it } from '@jest/globals';
import { cpuMsOf } from '#libs/testing';
import type { TaskCatalogue } from '../../catalogue/catalogue.js';
import { readChain } from './chain-input.js';
import type { ChainInput } from './chain-reading.js';

type Body = Record<string, unknown>;
/** A type that wants `n` to be a number and takes a secret at `secret`. */
const catalogue: TaskCatalogue = {
  types: ['any'],
  find: () => ({
    takesSecret: (path) => path.join('/') === 'secret',
    checkParams: ({ n }) =>
      n === undefined || typeof n === 'number' ? [] : [{ pointer: '/n', message: 'must be a number' }],
  }),
};
const chain = (task_params: Body, more: Body = {}): Body => ({
  chain_name: 'c',
  tasks: [{ task_id: 'a', task_type: 'any', task_params }],
  ...more,
});
const params = (properties: Body, more: Body = {}): Body => ({ type: 'object', properties, ...more });
const read = (body: Body): ChainInput => {
  const reading = readChain(body, catalogue);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  return reading.chain;
};
const faultsOf = (body: Body) => {
  const reading = readChain(body, catalogue);
  return reading.ok ? [] : reading.faults.map(({ code, pointer }) => `${code} ${pointer ?? '-'}`);
};
const messagesOf = (body: Body) => {
  const reading = readChain(body, catalogue);
  return reading.ok ? [] : reading.faults.map(({ message }) => message);
};

describe('a chain with parameters', () => {
  const body = chain(
    { n: '${params.n}', note: 'for ${params.who}' },
    {
      params: params(
        { n: { type: 'integer', maximum: 9, default: 3 }, who: { type: 'string' } },
        { required: ['who'] },
      ),
    },
  );

  it('is stored as if it had been written out', () => {
    const { tasks, config } = read({ ...body, args: { who: 'Ann' } });
    expect(tasks[0]!.params).toEqual({ n: 3, note: 'for Ann' });
    expect(config).toEqual(chain({ n: 3, note: 'for Ann' }));
    expect(read({ ...body, args: { who: 'Ann', n: 9 } }).tasks[0]!.params).toEqual({ n: 9, note: 'for Ann' });
  });

  it('does not change what it was given', () => {
    const args = Object.freeze({ who: 'Ann' });
    const before = structuredClone(body);
    read({ ...body, args });
    expect(body).toEqual(before);
    expect(args).toEqual({ who: 'Ann' });
  });

  it('has pointers to all that is wrong with the values', () => {
    expect(faultsOf({ ...body, args: { n: 10, whom: 'Ann' } })).toEqual([
      'REQUIRED /args/who',
      'UNKNOWN_FIELD /args/whom',
      'OUT_OF_RANGE /args/n',
    ]);
    expect(messagesOf({ ...body, args: { who: 1, whom: 2 } })).toEqual([
      'whom is not a known field: there are n, who.',
      'who must be a text.',
    ]);
  });

  it('has what a task finds wrong with a value at the value, or at its default', () => {
    const wrong = (property: Body, more: Body = {}) =>
      faultsOf(chain({ n: '${params.x}' }, { params: params({ x: property }), ...more }));
    expect(wrong({}, { args: { x: 'many' } })).toEqual(['INVALID_PARAMS /args/x']);
    expect(wrong({ default: 'many' })).toEqual(['INVALID_PARAMS /params/properties/x/default']);
  });

  it('uses each of its parameters, and names no other', () => {
    const more = { params: params({ n: { default: 1 }, spare: { default: 2 }, open: {} }) };
    expect(faultsOf(chain({ n: '${params.n}', x: '${params.m} ${params.open}' }, more))).toEqual([
      'UNKNOWN_PARAM /tasks/0/task_params/x',
      'UNUSED_PARAM /params/properties/spare',
      'UNUSED_PARAM /params/properties/open',
    ]);
    expect(messagesOf(chain({ n: '${params.n}' }))).toEqual([
      'Task "a": "${params.n}" is no parameter of this chain: declare it in params.properties, or write $${ for the characters ${ themselves.',
    ]);
    expect(messagesOf(chain({ x: '${params.open}' }, { params: params({ open: {} }) }))).toEqual([
      'Task "a": "${params.open}": the parameter has no value: give one in args, or declare a default.',
    ]);
    expect(faultsOf(chain({}, { args: {} }))).toEqual(['UNKNOWN_FIELD /args']);
  });

  it('takes secrets only where they are declared, and never their values', () => {
    const withSecret = (args: Body, property: Body = { type: 'string', 'x-secret': true }) =>
      chain({ secret: '${params.key}' }, { params: params({ key: property }), args });
    const reading = readChain(withSecret({ key: '${secrets.db}' }), catalogue);
    expect(reading.secrets).toEqual([{ name: 'db', taskType: 'any', pointer: '/args/key', label: 'Task "a": ' }]);
    expect(faultsOf(withSecret({ key: 'hunter2' }))).toEqual(['INVALID_VALUE /args/key']);
    expect(messagesOf(withSecret({ key: 'hunter2' })).join()).not.toContain('hunter2');
    expect(faultsOf(withSecret({ key: '${secrets.db}' }, {}))).toEqual(['SECRET_NOT_ALLOWED /args/key']);
    const elsewhere = chain(
      { other: '${params.key}' },
      { params: params({ key: { 'x-secret': true } }), args: { key: '${secrets.db}' } },
    );
    expect(faultsOf(elsewhere)).toEqual(['SECRET_NOT_ALLOWED /args/key']);
  });

  it('takes datasets where they are declared', () => {
    const withDataset = (value: unknown) =>
      chain({ x: '${params.d}' }, { params: params({ d: { 'x-dataset': true } }), args: { d: value } });
    expect(faultsOf(withDataset('dataset:alice/customers@3'))).toEqual([]);
    expect(faultsOf(withDataset('customers.csv'))).toEqual(['INVALID_VALUE /args/d']);
    expect(faultsOf(withDataset(3))).toEqual(['INVALID_VALUE /args/d']);
  });

  it('has values that are text, whatever they look like', () => {
    const args = { x: '${tasks.zz.result}', y: '${params.x}' };
    const { tasks } = read(chain({ x: ['${params.x}'], y: '${params.y}' }, { params: params({ x: {}, y: {} }), args }));
    expect(tasks[0]!.params).toEqual({ x: ['$${tasks.zz.result}'], y: '$${params.x}' });
  });
});

describe('a declaration of parameters', () => {
  const declared = (properties: unknown, more: Body = {}) =>
    faultsOf(chain({ x: '${params.x}' }, { params: { properties, ...more }, args: { x: 1 } }));

  it('is an object of what a form can show', () => {
    const property = {
      type: ['integer', 'null'],
      title: 'X',
      description: 'd',
      examples: [1],
      enum: [1, 2],
      multipleOf: 1,
    };
    expect(declared({ x: property })).toEqual([]);
    expect(declared({ x: { type: 'whole' } })).toContain('INVALID_VALUE /params/properties/x/type');
    expect(declared({})).toEqual(['OUT_OF_RANGE /params/properties', 'UNKNOWN_PARAM /tasks/0/task_params/x']);
    expect(declared({ x: {} }, { additionalProperties: true })).toEqual(['OUT_OF_RANGE /params/additionalProperties']);
    expect(declared({ 'x.y': {} })).toContain('INVALID_FORMAT /params/properties/x.y');
  });

  for (const keyword of [
    'pattern',
    'patternProperties',
    '$ref',
    '$dynamicRef',
    'allOf',
    'not',
    'if',
    'uniqueItems',
    'format',
    'x-more',
  ]) {
    it(`has no ${keyword}`, () => {
      expect(declared({ x: { [keyword]: '(a+)+$' } })).toEqual([`UNKNOWN_FIELD /params/properties/x/${keyword}`]);
      expect(declared({ x: { items: { properties: { y: { [keyword]: {} } } } } })).toEqual([
        `UNKNOWN_FIELD /params/properties/x/items/properties/y/${keyword}`,
      ]);
    });
  }

  it('has at most 100 parameters and 64 KiB', () => {
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, {}]));
    const uses = (count: number) =>
      chain(
        { x: Object.keys(many(count)).map((name) => `\${params.${name}}`) },
        { params: params(many(count)), args: Object.fromEntries(Object.keys(many(count)).map((name) => [name, 1])) },
      );
    expect(faultsOf(uses(100))).toEqual([]);
    expect(faultsOf(uses(101))).toContain('OUT_OF_RANGE /params/properties');
    const room = 64 * 1024 - JSON.stringify({ properties: { x: { examples: [''] } } }).length;
    expect(declared({ x: { examples: ['x'.repeat(room)] } })).toEqual([]);
    expect(declared({ x: { examples: ['x'.repeat(room + 1)] } })).toContain('OUT_OF_RANGE /params');
    const value = (length: number) =>
      faultsOf(
        chain({ x: '${params.x}' }, { params: params({ x: {} }), args: { x: 'x'.repeat(length - '{"x":""}'.length) } }),
      );
    expect(value(64 * 1024)).toEqual([]);
    expect(value(64 * 1024 + 1)).toContain('OUT_OF_RANGE /args');
  });

  it('is read fast, however hostile', () => {
    const deep = (levels: number): Body => (levels === 0 ? { type: 'integer' } : { items: deep(levels - 1) });
    const wide = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [
        `p${i}`,
        { required: ['a'], properties: Object.fromEntries(Array.from({ length: 20 }, (__, k) => [`q${k}`, {}])) },
      ]),
    );
    const bodies = [
      chain({ x: '${params.x}' }, { params: params({ x: deep(50) }), args: { x: [[[['1']]]] } }),
      chain({ x: '${params.p0}' }, { params: params(wide), args: { p0: {} } }),
      chain(
        { x: '${params.x}' },
        { params: params({ x: { items: { type: 'string' } } }), args: { x: Array(30_000).fill(1) } },
      ),
      chain({ x: Array(100_000).fill('${params.x}') }, { params: params({ x: {} }), args: { x: 'x'.repeat(60_000) } }),
      chain({ x: '${params.'.repeat(100_000) }, { params: params({ x: {} }) }),
    ];
    for (const body of bodies) expect(cpuMsOf(() => readChain(body, catalogue))).toBeLessThan(2_000);
  });

  it('takes no name of a prototype for a parameter', () => {
    expect(
      faultsOf(chain({ x: '${params.toString} ${params.hasOwnProperty}' }, { params: params({ x: {} }) }))[0],
    ).toBe('UNKNOWN_PARAM /tasks/0/task_params/x');
    const own = chain({ x: '${params.toString}' }, { params: params({ toString: { default: 1 } }) });
    expect(read(own).tasks[0]!.params).toEqual({ x: 1 });
  });
});

describe('outputs', () => {
  const outputs = (outputs: unknown) => chain({}, { outputs });

  it('are kept as task and path', () => {
    expect(read(outputs({ rows: '${tasks.a.result.reports[0].rows}', all: '${tasks.a.result}' })).outputs).toEqual({
      rows: { task_id: 'a', path: ['reports', '0', 'rows'] },
      all: { task_id: 'a', path: [] },
    });
    expect(read(outputs({})).outputs).toBe(null);
  });

  it('are references to results that every reader of the chain may see', () => {
    expect(
      faultsOf(
        outputs({
          text: 'rows: ${tasks.a.result.rows}',
          plain: 'rows',
          none: '${tasks.b.result}',
          party: '${tasks.a.party_results.alice.rows}',
          param: '${params.x}',
          'a.b': '${tasks.a.result}',
        }),
      ),
    ).toEqual([
      'INVALID_FORMAT /outputs/a.b',
      'MALFORMED_REFERENCE /outputs/text',
      'MALFORMED_REFERENCE /outputs/plain',
      'REFERENCE_UNKNOWN_TASK /outputs/none',
      'PARTY_RESULT_NOT_ALLOWED /outputs/party',
      'MALFORMED_REFERENCE /outputs/param',
    ]);
    expect(faultsOf(outputs({ x: 1 }))).toEqual(['INVALID_TYPE /outputs/x']);
  });

  it('are at most 64', () => {
    const many = (count: number) =>
      outputs(Object.fromEntries(Array.from({ length: count }, (_, i) => [`o${i}`, '${tasks.a.result}'])));
    expect(faultsOf(many(64))).toEqual([]);
    expect(faultsOf(many(65))).toEqual(['OUT_OF_RANGE /outputs']);
  });
});
