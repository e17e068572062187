import { describe, expect, it } from '@jest/globals';
import { findSecrets, resolveReferences, type JsonValue } from '#libs/chain-domain';
import type { ChildPlan } from '../commands/new-chain.js';
import { fillPlan } from './child-plan.js';

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

  it('must be what the chain asks for', () => {
    expect(filled({ n: '${params.n}' }, open, { n: 2 })).toBe('args.n must be 3 or more');
    expect(filled({ n: '${params.n}' }, open, {})).toBe('args.n is required');
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
