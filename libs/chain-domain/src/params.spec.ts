import { describe, expect, it } from '@jest/globals';
import type { JsonValue } from './map-strings.js';
import { expandParams, type ParamValues } from './params.js';
import { findReferences, findSecrets, resolveReferences } from './references.js';

const given = (values: Record<string, JsonValue>, more: Partial<ParamValues> = {}): ParamValues => ({
  declared: Object.keys(values),
  values: new Map(Object.entries(values)),
  secrets: new Set(),
  ...more,
});
const expand = (value: JsonValue, params: ParamValues) => expandParams(params).expand(value, []);
const codesOf = (value: JsonValue, params: ParamValues) =>
  expand(value, params).faults.map(({ code, pointer }) => `${code} ${pointer ?? ''}`);
/** What a task gets in the end. */
const resolved = (value: JsonValue, params: ParamValues, results: Record<string, JsonValue> = {}) =>
  resolveReferences(expand(value, params).value, results);

describe('a parameter', () => {
  it('keeps its type alone in a string, and is text within one', () => {
    const params = given({ n: 5, list: [1, { a: 'x' }], flag: false, none: null, name: 'Ann' });
    const value = {
      whole: ['${params.n}', '${params.list}', '${params.flag}', '${params.none}'],
      inside: '${params.name} has ${params.n}, ${params.list[1]}, ${params.none}',
      path: '${params.list[1].a}',
    };
    expect(expand(value, params)).toEqual({
      value: {
        whole: [5, [1, { a: 'x' }], false, null],
        inside: 'Ann has 5, {"a":"x"}, null',
        path: 'x',
      },
      faults: [],
    });
  });

  it('leaves references to tasks and escapes as they are', () => {
    const value = { a: '${tasks.x.result.n} of ${params.n}', b: '$${params.n} ${params.n} $$${x}', c: '$${params.n}' };
    expect(expand(value, given({ n: 5 })).value).toEqual({
      a: '${tasks.x.result.n} of 5',
      b: '$${params.n} 5 $$${x}',
      c: '$${params.n}',
    });
    expect(resolved(value, given({ n: 5 }), { x: { n: 4 } })).toEqual({
      ok: true,
      params: { a: '4 of 5', b: '${params.n} 5 $${x}', c: '${params.n}' },
    });
  });

  for (const text of [
    '${tasks.x.result}',
    '${secrets.db}',
    '$${a}',
    '$$${a}',
    '${',
    'a$',
    '{tasks.x.result}',
    '${params.n}',
  ]) {
    it(`brings the text ${text} as it is, whatever stands around it`, () => {
      const params = given({ text, object: { deep: [text] }, dollar: '$' });
      const value = {
        whole: '${params.text}',
        deep: '${params.object}',
        twice: '<${params.text}${params.text}>',
        split: '${params.dollar}${params.text}',
      };
      expect(findReferences(expand(value, params).value)).toEqual({ references: [], faults: [] });
      expect(findSecrets(expand(value, params).value)).toEqual([]);
      expect(resolved(value, params)).toEqual({
        ok: true,
        params: { whole: text, deep: { deep: [text] }, twice: `<${text}${text}>`, split: `$${text}` },
      });
    });
  }

  it('that ends in a dollar cannot escape the reference after it', () => {
    expect(codesOf({ a: '${params.text}${tasks.x.result}' }, given({ text: 'cost$' }))).toEqual([
      'MALFORMED_REFERENCE /a',
    ]);
  });

  it('that takes a secret stands for it', () => {
    const params = given({ db: '${secrets.db}' }, { secrets: new Set(['db']) });
    expect(findSecrets(expand({ a: ['${params.db}'] }, params).value)).toEqual([{ path: ['a', 0], name: 'db' }]);
    expect(findReferences(expand({ a: 'x${params.db}' }, params).value).faults[0]?.code).toBe('MALFORMED_REFERENCE');
  });

  it('is told apart from what is none, with what to do', () => {
    const params = given({ n: 5 }, { declared: ['n', 'empty'] });
    expect(
      codesOf({ a: '${params.m}', b: '${params.empty}', c: '${params.n.x}', d: '${params}', e: '${params.n!' }, params),
    ).toEqual(['UNKNOWN_PARAM /a', 'NO_VALUE /b', 'NO_VALUE /c', 'MALFORMED_REFERENCE /d']);
    expect(expand('${params.m}', params).faults[0]?.message).toBe(
      '"${params.m}" is no parameter of this chain: there are n, empty.',
    );
    expect(codesOf('${params.toString}', given({}))).toEqual(['UNKNOWN_PARAM ']);
    expect(codesOf('${params.o.__proto__} ${params.o.constructor}', given({ o: {} }))).toEqual(['NO_VALUE ']);
  });

  it('notes what was used, and from where each place comes', () => {
    const { expand: put, used, sources } = expandParams(given({ a: { b: [1] }, c: 2 }));
    put({ x: '${params.a.b[0]}' }, ['tasks', 0]);
    expect([...used]).toEqual(['a']);
    expect([...sources]).toEqual([['/tasks/0/x', { name: 'a', path: ['b', 0] }]]);
  });

  it('brings at most 1 MiB to a chain, and 64 levels', () => {
    const big = given({ big: 'x'.repeat(64 * 1024 - 2) });
    expect(codesOf(Array<string>(16).fill('${params.big}'), big)).toEqual([]);
    expect(codesOf(Array<string>(17).fill('${params.big}'), big)).toEqual(['TOO_LARGE /16']);
    const nested = (levels: number) =>
      given({ deep: JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as JsonValue });
    const at = (levels: number) =>
      expandParams(nested(levels))
        .expand({ x: '${params.deep}' }, ['tasks', 0, 'task_params'])
        .faults.map(({ code }) => code);
    expect(at(59)).toEqual([]);
    expect(at(60)).toEqual(['TOO_DEEP']);
  });
});
