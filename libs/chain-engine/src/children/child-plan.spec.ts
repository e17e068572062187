import { describe, expect, it } from '@jest/globals';
import { findSecrets, resolveReferences, type JsonValue } from '#libs/chain-domain';
import type { ChildPlan } from '../commands/new-chain.js';
import { fillPlan } from './child-plan.js';
import { makersOf } from './handed.js';

const plan = (params: JsonValue, open: ChildPlan['open']): ChildPlan =>
  ({ chain: { chainName: 'child', tasks: [{ taskId: 'a', params }] }, open }) as unknown as ChildPlan;
const filled = (params: JsonValue, open: ChildPlan['open'], args: Readonly<Record<string, JsonValue>>) => {
  const found = fillPlan(plan(params, open), args);
  return 'fault' in found ? found.fault : found.chain.tasks[0]!.params;
};

describe('what a task gives to its chain', () => {
  const open = { n: { type: 'integer', minimum: 3 }, list: { default: [] } };

  it('stands in its places, with its type; what is not given is the default', () => {
    expect(filled({ n: '${params.n}', text: 'at ${params.n}', list: '${params.list}' }, open, { n: 4 })).toEqual({
      ...{ n: 4, text: 'at 4', list: [] },
    });
  });

  it('may be null, and is never what every object has', () => {
    const nullable = { m: { type: ['object', 'null'], default: { a: 1 } }, valueOf: { default: 'mine' } };
    expect(filled(['${params.m}', '${params.valueOf}'], nullable, { m: null })).toEqual([null, 'mine']);
  });

  it('has a limit, and all that is beyond it is not read', () => {
    const fault = 'args have more than 65536 characters';
    const text = 'x'.repeat(65_536 - '{"t":""}'.length);
    expect(filled('${params.t}', { t: {} }, { t: text })).toBe(text);
    expect(filled('${params.t}', { t: {} }, { t: `${text}xx` })).toBe(fault);
    let read = 0;
    const many = Array.from({ length: 1_000_000 }, () => ({
      get name() {
        read += 1;
        return 'x'.repeat(100);
      },
    }));
    expect(filled('${params.t}', { t: {} }, { t: many })).toBe(fault);
    expect(read).toBeLessThan(1_000);
  });

  it('is held against a schema that is compiled once, however many instances are filled', () => {
    let compiled = 0;
    const counted = {
      get minimum() {
        compiled++;
        return 3;
      },
    };
    const of = { n: counted };
    expect(filled('${params.n}', of, { n: 4 })).toBe(4);
    const once = compiled;
    expect([filled('${params.n}', of, { n: 5 }), filled('${params.n}', of, { n: 2 })]).toEqual([
      5,
      'args.n must be 3 or more',
    ]);
    expect([once > 0, compiled]).toEqual([true, once]);
  });

  it('stands in what undoes its tasks as well', () => {
    const made = plan('', { n: {} });
    const undo = { position: 0, taskId: 'a', params: { given: '${params.n}' } };
    const found = fillPlan({ ...made, chain: { ...made.chain, compensation: [undo as never] } }, { n: 7 });
    expect('chain' in found && found.chain.compensation).toEqual([{ ...undo, params: { given: 7 } }]);
  });

  it('must be what the chain asks for', () => {
    expect(filled({ n: '${params.n}' }, open, { n: 2 })).toBe('args.n must be 3 or more');
    expect(filled({ n: '${params.n}' }, open, {})).toBe('args.n is required');
  });

  it('names artifacts in a parameter that is marked, of those that may be handed down, and no others', () => {
    const [file, other] = ['artifact:c/train/a/m.json', 'artifact:c/fit[0]/a/m.json'];
    const down = new Map([
      [file, 'sha256:1'],
      [other, null],
    ]);
    const models = { type: 'object', 'x-artifact': true, default: {} };
    const given = (
      args: Readonly<Record<string, JsonValue>>,
      params: JsonValue = ['${params.models.a}', 'at ${params.word}'],
    ) => {
      const found = fillPlan(plan(params, { models, word: {} }), { word: '', ...args }, down);
      return 'fault' in found ? found.code : found.chain.tasks[0]!.handed && [...found.chain.tasks[0]!.handed];
    };
    expect(given({ models: { a: file } })).toEqual([[file, 'sha256:1']]);
    // What no task uses, none reads; and another parameter hands nothing down.
    expect(given({ models: { a: file, b: other } })).toEqual([[file, 'sha256:1']]);
    expect(given({ models: {}, word: file }, '${params.word}')).toBeUndefined();
    expect(given({}, '${params.models}')).toBeUndefined();
    for (const wrong of [`${file}/..`, 'artifact:d/train/a/m.json', '../m.json', 'dataset:a/x@1', ''])
      expect(given({ models: { a: file, b: [wrong] } })).toBe('ARTIFACT_OF_OTHER_CHAIN');
    expect(makersOf(down)).toEqual({ 'c/train': 'sha256:1' });
  });

  it('is never read as a reference: no result names a secret, a parameter or another result', () => {
    const hostile = ['${secrets.key}', '${tasks.b.result}', '${params.n}', '$${params.n}', '${', '$'];
    for (const value of hostile) {
      const params = filled({ alone: '${params.list}', within: '<${params.list}>' }, open, { n: 4, list: value });
      expect(findSecrets(params as JsonValue)).toEqual([]);
      const seen = resolveReferences(params as JsonValue, new Map([['b', 'stolen']]));
      expect(seen).toMatchObject({ ok: true, params: { alone: value, within: `<${value}>` } });
    }
  });
});
