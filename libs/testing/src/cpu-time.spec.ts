import { expect, test } from '@jest/globals';
import { coreSlowness, cpuMsOf } from './cpu-time.js';

const spin = (ms: number) => {
  const { user, system } = process.cpuUsage();
  const cpuMs = () => (process.cpuUsage().user - user + process.cpuUsage().system - system) / 1000;
  while (cpuMs() < ms);
};

test('work is measured in milliseconds of the processor, and a slow core takes no more of them', () => {
  expect(coreSlowness()).toBeGreaterThanOrEqual(1);
  const slowness = coreSlowness();
  const taken = cpuMsOf(() => spin(200));
  expect(taken).toBeLessThanOrEqual(200 * 1.2);
  // The core may be slower during the work than it was before it.
  expect(taken).toBeGreaterThan(200 / (slowness * 5));
});

test('a wait takes nothing', () => {
  const end = performance.now() + 100;
  const shared = new Int32Array(new SharedArrayBuffer(4));
  expect(cpuMsOf(() => Atomics.wait(shared, 0, 0, 100))).toBeLessThan(50);
  expect(performance.now()).toBeGreaterThanOrEqual(end - 1);
});
