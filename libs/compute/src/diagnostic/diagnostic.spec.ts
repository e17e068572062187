import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { runTask } from '../catalogue/run-task.js';
import type { TaskRun } from '../contract/task-type.js';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

const run = (config: Record<string, unknown>, more: Partial<TaskRun> = {}) =>
  runTask('diagnostic', folder.run(config, { params: { task_config: config }, ...more }));

describe('diagnostic', () => {
  test('returns what it was given, and its parents results without theirs', async () => {
    const inputs = { a: { task_id: 'a', attempt: 1, inputs: { z: 1 }, result: 7 }, b: 5 };
    const { result } = await run({ result: { x: [1] } }, { inputs, attempt: 3 });
    expect(result).toEqual({
      task_id: 'task-1',
      attempt: 3,
      inputs: { a: { task_id: 'a', attempt: 1, result: 7 }, b: 5 },
      result: { x: [1] },
    });
  });

  test('counts parents that would not fit', async () => {
    const inputs = Object.fromEntries(
      Array.from({ length: 2000 }, (_, i) => [`task-${i}`, { result: 'x'.repeat(30) }]),
    );
    expect((await run({}, { inputs })).result).toMatchObject({ inputs: {}, inputs_omitted: 2000 });
  });

  test('fails its first attempts, retryably', async () => {
    const config = { fail_attempts: 2, error_code: 'FLAKY' };
    await expect(run(config, { attempt: 1 })).rejects.toMatchObject({ code: 'FLAKY', retryable: true });
    await expect(run(config, { attempt: 2 })).rejects.toMatchObject({ code: 'FLAKY', retryable: true });
    expect((await run(config, { attempt: 3 })).result.attempt).toBe(3);
    await expect(run({ fail_attempts: 1 })).rejects.toMatchObject({ code: 'TASK_ERROR' });
  });

  test('a result over 64 KiB is refused', async () => {
    await expect(run({ result_bytes: 70_000 })).rejects.toMatchObject({ code: 'RESULT_TOO_LARGE', retryable: false });
    expect(((await run({ result_bytes: 60_000 })).result.result as string).length).toBe(60_000);
  });

  test('a result that PostgreSQL cannot hold is refused', async () => {
    await expect(run({ result: 'a\0' })).rejects.toMatchObject({ code: 'INVALID_RESULT' });
    await expect(run({ result: '\ud800' })).rejects.toMatchObject({ code: 'INVALID_RESULT' });
    let deep: unknown = 1;
    for (let i = 0; i < 40; i += 1) deep = [deep];
    await expect(run({ result: deep })).rejects.toMatchObject({ code: 'INVALID_RESULT' });
  });

  test('is nearly free without delay and CPU time', async () => {
    await run({});
    const before = process.cpuUsage();
    for (let i = 0; i < 1000; i += 1) await run({});
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(1);
  });

  for (const config of [{ delay_ms: 60_000 }, { cpu_ms: 60_000 }]) {
    test(`an abort ends ${JSON.stringify(config)} within 2 s`, async () => {
      const controller = new AbortController();
      let aborted = 0;
      setTimeout(() => {
        aborted = performance.now();
        controller.abort(new Error('cancelled'));
      }, 300);
      await expect(run(config, { signal: controller.signal })).rejects.toThrow('cancelled');
      expect(performance.now() - aborted).toBeLessThan(2000);
    });
  }

  test('reports progress while it waits and while it burns', async () => {
    const seen: number[] = [];
    await run({ delay_ms: 200, cpu_ms: 300, progress_steps: 4 }, { progress: (fraction) => seen.push(fraction) });
    expect(seen.length).toBeGreaterThanOrEqual(5);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBeLessThanOrEqual(1);
  });
});
