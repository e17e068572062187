import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { itUnless, noSmallDisk, onSmallDisk } from '#libs/testing';
import { childrenOf } from '../catalogue/conformance-for-tests.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { TaskRun } from '../contract/task-type.js';
import { NO_SPU, spuPython } from './spu-for-tests.js';
import { secretflow } from './secretflow.js';

const SUPERVISOR = fileURLToPath(new URL('./supervisor-for-tests.js', import.meta.url));
const ROWS = 40_000;
const TRAINING = 'training on SPU';
/** Numbers of a party, in clear. */
const TABLES = ['train.bin', 'label.bin', 'predict.bin'];

if (spuPython === undefined) test.skip(`faults of ss_lr on the engine secretflow ${NO_SPU}`, () => undefined);
else withSpu(spuPython);

function withSpu(python: string): void {
  describe('ss_lr on SPU', () => {
    let folder: TestFolder;
    beforeAll(async () => {
      folder = await testFolder();
      for (const [party, columns] of Object.entries({ alice: 'x0,x1,y', bob: 'x2,x3' })) {
        const rowOf = (row: number): string =>
          [...columns.split(',')].map((name, at) => (name === 'y' ? row % 2 : ((row * (7 + at)) % 19) / 19)).join(',');
        await folder.table(
          party,
          't.csv',
          [columns, ...Array.from({ length: ROWS }, (_, row) => rowOf(row))].join('\n'),
        );
      }
    });
    afterAll(() => folder.remove());

    const runOf = (taskId: string, epochs: number): TaskRun => ({
      ...(folder.run({
        train_data: { alice: 't.csv', bob: 't.csv' },
        features: { alice: ['x0', 'x1'], bob: ['x2', 'x3'] },
        ...{ label: 'y', label_party: 'alice', test_fraction: 0.2, protocol: 'SEMI2K' },
        params: { epochs, learning_rate: 0.1 },
      }) as TaskRun),
      taskId,
    });
    const left = (run: TaskRun): string[] =>
      ['alice', 'bob'].flatMap((party) =>
        (readdirSync(`${run.artifactRoot}/chain-1/${run.taskId}/${party}`, { recursive: true }) as string[]).filter(
          (name) => name.includes('.spu-'),
        ),
      );

    test('ends all that it started when its worker is killed, without tables in clear, and the next attempt removes what is left', async () => {
      const run = runOf('killed', 100);
      const child = spawn(process.execPath, [SUPERVISOR, JSON.stringify({ python, run, type: 'ss_lr' })], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const stages = createInterface({ input: child.stdout });
      await new Promise<void>((begun, failed) => {
        stages.on('line', (stage) => stage === TRAINING && begun());
        child.on('exit', () => failed(new Error('it ended by itself')));
      });
      // Linked is not begun: each takes its tables out of its folder first.
      while (left(run).some((name) => TABLES.some((table) => name.endsWith(table)))) await wait(20);
      const family = childrenOf(child.pid!).flatMap((pid) => [pid, ...childrenOf(pid)]);
      expect(family.length).toBeGreaterThanOrEqual(6); // Of each party a process, one on SPU, and what ends that one's.
      child.kill('SIGKILL');
      while (family.some((pid) => existsSync(`/proc/${pid}`))) await wait(20);
      expect(left(run).filter((name) => name.endsWith('training.json'))).toHaveLength(2);
      expect(left(run).filter((name) => TABLES.some((table) => name.endsWith(table)))).toEqual([]);
      const { params } = runOf('killed', 1);
      await secretflow(python).run('ss_lr', { ...run, attempt: 2, params });
      expect(left(run)).toEqual([]);
    });

    itUnless(noSmallDisk(), 'fails by DISK_FULL where it cannot write, and leaves no table in clear', () => {
      // Full before the tables are written, and while SPU trains: it cannot write the model.
      for (const [taskId, megabytes, fills] of [
        ['small', 1, undefined],
        ['filled', 8, TRAINING],
      ] as const) {
        const run = runOf(taskId, 2);
        mkdirSync(run.artifactRoot, { recursive: true });
        const asked = JSON.stringify({ python, run, type: 'ss_lr', fills });
        const command = [process.execPath, SUPERVISOR, asked];
        const { stderr, stdout } = spawnSync(...onSmallDisk(run.artifactRoot, megabytes, command), {
          encoding: 'utf8',
        });
        expect([taskId, stderr]).toEqual([taskId, expect.stringContaining("code: 'DISK_FULL'")]);
        const [, names] = /^left: (.*)$/m.exec(stdout)!;
        expect([taskId, names!.split(' ').filter((name) => name !== 'filler' && name !== '')]).toEqual([taskId, []]);
        expect([taskId, stdout.includes(TRAINING)]).toEqual([taskId, fills !== undefined]);
      }
    });
  });
}
