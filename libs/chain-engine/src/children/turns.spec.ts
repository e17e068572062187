import { expect, it } from '@jest/globals';
import { sampleNewChain } from '#libs/testing';
import { nextTurn } from './turns.js';

const repeat = { until: 'tasks.t.result.n > 2', max: 3, delayMs: 0, carry: { start: 'n' } };
const plan = { chain: sampleNewChain([[]]), open: {}, repeat };
const args = { start: 0, other: 'x' };
const after = (more: object) =>
  nextTurn(plan, 't', args, { status: 'SUCCESS', turn: 1, args, outputs: { n: 1 }, ...more });

it('a turn follows the one that succeeded with these values, and gets what is carried', () => {
  expect(after({})).toEqual({ turn: 2, values: { start: 1, other: 'x' } });
  expect(after({ outputs: null })).toEqual({ turn: 1, values: args });
  expect(after({ outputs: { n: 1, start: 9 } })).toEqual({ turn: 2, values: { start: 1, other: 'x' } });
});

it('the first turn begins after a failure, the last turn, an end, or with other values', () => {
  const first = { turn: 1, values: args };
  expect(nextTurn(plan, 't', args, undefined)).toEqual(first);
  expect(after({ status: 'FAILURE' })).toEqual(first);
  expect(after({ turn: 2 }).turn).toBe(3);
  expect(after({ turn: 3 })).toEqual(first);
  expect(after({ outputs: { n: 3 } })).toEqual(first);
  expect(after({ args: { ...args, other: 'y' } })).toEqual(first);
  expect(
    nextTurn({ chain: plan.chain, open: {} }, 't', args, { status: 'SUCCESS', turn: 1, args, outputs: {} }),
  ).toEqual(first);
});
