import { expect, it, jest } from '@jest/globals';
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

it('ids ascend, also where the clock steps back: new rows of full tables lie beside each other in each index', () => {
  const now = jest.spyOn(Date, 'now');
  const idsAt = (at: number): string[] => {
    now.mockReturnValue(at);
    const { row, tasks } = newChainRows(sampleNewChain([[], [0], [1]]), at);
    return [row.chain_id.replace('chain-', ''), ...tasks.map((task) => task.task_request_id.replace('task-', ''))];
  };
  try {
    const began = 1_900_000_000_000;
    const ids = [began, began, began + 1, began - 3_600_000, began + 2].flatMap((at) => idsAt(at));
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(ids.length);
  } finally {
    now.mockRestore();
  }
});
