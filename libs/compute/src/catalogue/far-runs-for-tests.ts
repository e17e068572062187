import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TestFolder } from '../contract/run-for-tests.js';
import type { TaskRun } from '../contract/task-type.js';
import { childrenOf } from './conformance-for-tests.js';

const SUPERVISOR = fileURLToPath(new URL('./far-supervisor-for-tests.js', import.meta.url));
let last = 0;

/** A run of `psi` of `t.csv` of both parties, of a task of its own: ids elsewhere follow from it. */
export const farPsi = (folder: TestFolder, config: object = {}, more: Partial<TaskRun> = {}): TaskRun<never> => ({
  ...folder.run({
    ...{ keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: 't.csv', bob: 't.csv' } },
    ...config,
  }),
  taskId: `task-${++last}`,
  ...(more as object),
});

/** Runs it in a process that is killed, with all that it started, once its progress says this. */
export async function killAt(
  stage: string,
  engine: 'celery' | 'kuscia',
  settings: object,
  run: TaskRun<never>,
): Promise<void> {
  const child = spawn(process.execPath, [SUPERVISOR, JSON.stringify({ engine, settings, run })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const family = await new Promise<number[]>((begun, failed) => {
    createInterface({ input: child.stdout }).on('line', (line) => line === stage && begun(childrenOf(child.pid!)));
    child.on('exit', () => failed(new Error('it ended by itself')));
  });
  child.kill('SIGKILL');
  while (family.some((pid) => existsSync(`/proc/${pid}`))) await wait(20);
}
