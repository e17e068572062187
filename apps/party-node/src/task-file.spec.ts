import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Refusal } from './refusal.js';
import { readTask } from './task-file.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'task-file-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = async (alice: string, more: object = {}) => {
  const path = join(folder, 'task.json');
  const config = { keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice, bob: 'keys.csv' } };
  const task_params = { sf_init_config: { parties: ['alice', 'bob'] }, task_config: config, ...more };
  await writeFile(path, JSON.stringify({ chain_id: 'joint', task_id: 'psi', task_type: 'psi', task_params }));
  return readTask(path);
};

test('a task of sites is for the engine that they have', async () => {
  expect((await read('keys.csv', { engine: 'native' })).params.engine).toBe('native');
  expect((await read('keys.csv', { engine: 'secretflow' })).params.engine).toBe('secretflow');
  for (const engine of ['kuscia', null])
    await expect(read('keys.csv', { engine })).rejects.toThrow('sites run psi on the engine native');
});

test('a task of sites reads artifacts of its own chain alone: no chain hands it others', async () => {
  expect((await read('artifact:joint/first/alice/table.csv')).parties).toEqual(['alice', 'bob']);
  for (const other of ['artifact:other/first/alice/table.csv', 'artifact:joint-2/first/alice/table.csv']) {
    await expect(read(other)).rejects.toThrow(Refusal);
    await expect(read(other)).rejects.toThrow('reads no artifact of another chain than its own, joint');
  }
});
