import { expect, it } from '@jest/globals';
import { sampleNewChain } from '#libs/testing';
import { newChainRows, type NewChain } from './new-chain.js';

const statuses = (chain: NewChain, places: number): string[] => {
  let left = places;
  return newChainRows(chain, Date.now(), () => left-- > 0).tasks.map(({ status, hold }) => hold ?? status);
};

it('the first tasks of a new chain are queued where there is a place for them', () => {
  const chain = sampleNewChain([[], [], [0]]);
  expect(statuses(chain, 2)).toEqual(['QUEUED', 'QUEUED', 'PENDING']);
  expect(statuses(chain, 1)).toEqual(['QUEUED', 'READY', 'PENDING']);
  expect(newChainRows(chain, Date.now()).tasks.map(({ status }) => status)).toEqual(['READY', 'READY', 'PENDING']);
  expect(statuses({ ...chain, execute: false }, 2)).toEqual(['PENDING', 'PENDING', 'PENDING']);
  // Beyond max_parallel, and in a group, whose places the dispatcher gives out.
  expect(statuses({ ...chain, maxParallel: 1 }, 2)).toEqual(['QUEUED', 'MAX_PARALLEL', 'PENDING']);
  const group = { key: 'alone', limit: 1 };
  expect(statuses({ ...chain, concurrency: group }, 2)).toEqual(['READY', 'READY', 'PENDING']);
  const [a, b, c] = chain.tasks as [NewChain['tasks'][0], NewChain['tasks'][0], NewChain['tasks'][0]];
  expect(statuses({ ...chain, tasks: [{ ...a, concurrency: group }, b, c] }, 2)).toEqual([
    'READY',
    'QUEUED',
    'PENDING',
  ]);
});
