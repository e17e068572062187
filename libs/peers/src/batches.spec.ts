import { expect, test } from '@jest/globals';
import { Batches } from './batches.js';

test('one question at a time is asked, with all who came meanwhile, and each hears its own answer', async () => {
  const asked: (readonly number[])[] = [];
  const faults: unknown[] = [];
  const open: (() => void)[] = [];
  const batches = new Batches(async (items: readonly number[]) => {
    asked.push(items);
    await new Promise<void>((resolve) => open.push(resolve));
    if (items.includes(3)) throw new Error('the database does not answer');
    return items.map((item) => item * 10);
  }, faults.push.bind(faults));
  /** Answers the question that is on its way, once what came before is in. */
  const answers = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    expect(open).toHaveLength(1);
    open.pop()!();
  };
  const first = [batches.answer(1), batches.answer(2)];
  await new Promise((resolve) => setImmediate(resolve));
  const second = Promise.allSettled([batches.answer(3), batches.answer(4)]);
  await answers();
  expect(await Promise.all(first)).toEqual([10, 20]);
  await new Promise((resolve) => setImmediate(resolve));
  const third = batches.answer(5);
  await answers();
  const error = new Error('the database does not answer');
  expect(await second).toEqual([1, 2].map(() => ({ status: 'rejected', reason: error })));
  await answers();
  expect(await third).toBe(50);
  expect(asked).toEqual([[1, 2], [3, 4], [5]]);
  expect(faults).toEqual([error]);
});
