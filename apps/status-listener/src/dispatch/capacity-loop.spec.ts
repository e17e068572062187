import { expect, test } from '@jest/globals';
import { IDLE_MS } from '../loops/loop.js';
import { CapacityLoop } from './capacity-loop.js';

test('slots are loaded in each round, half as often while nothing is open, and the dispatcher is woken where something is', async () => {
  let [loaded, woken] = [0, 0];
  let isIdle = true;
  const loop = new CapacityLoop(
    { refreshCapacity: () => Promise.resolve(void (loaded += 1)) } as never,
    { wake: () => void (woken += 1) } as never,
    { isIdle: () => Promise.resolve(isIdle) },
  );
  await loop.round();
  expect([loaded, woken, loop.pauseMs]).toEqual([1, 0, IDLE_MS]);
  isIdle = false;
  await loop.round();
  expect([loaded, woken, loop.pauseMs]).toEqual([2, 1, IDLE_MS / 2]);
});
