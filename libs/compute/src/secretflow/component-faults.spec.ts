import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { itUnless, noSmallDisk, onSmallDisk } from '#libs/testing';
import { childrenOf, describeRunner } from '../catalogue/conformance-for-tests.js';
import { type TestFolder } from '../contract/run-for-tests.js';
import type { TaskRun } from '../contract/task-type.js';
import type { ComponentConfig } from './component-config.js';
import { runComponent } from './component-run.js';
import { bothInput, COLUMNS, describeComponents, writeTables } from './components-for-tests.js';
import { secretflow } from './secretflow.js';

const SUPERVISOR = fileURLToPath(new URL('./supervisor-for-tests.js', import.meta.url));
const LARGE_ROWS = 60_000;
const RUNNING = 'running the component';

const PSI = {
  ...{ component: 'data_prep/psi:1.0.0', ...COLUMNS },
  input_data: { alice: { input_ds1: 'own.csv' }, bob: { input_ds2: 'own.csv' } },
  attrs: {
    ...{ 'input/input_ds1/keys': ['id'], 'input/input_ds2/keys': ['id'] },
    ...{ input_ds1_keys_duplicated: false, input_ds2_keys_duplicated: false },
  },
};
/** Ten epochs take some seconds of both. */
const TRAIN = {
  ...{ component: 'ml.train/ss_sgd_train:1.0.0', ...COLUMNS, protocol: 'CHEETAH', input_data: bothInput('input_ds') },
  attrs: {
    ...{ epochs: 10, batch_size: 20, learning_rate: 0.5, eps: 0 },
    ...{ 'input/input_ds/label': ['y'], 'input/input_ds/feature_selects': ['a', 'b', 'c'] },
  },
};

function runOf(folder: TestFolder, config: Record<string, unknown>, taskId = 'task-1'): TaskRun {
  const run = folder.run(config, { taskId });
  const params = {
    ...run.params,
    engine: 'secretflow',
    sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
  };
  return { ...run, params } as unknown as TaskRun;
}

/** Tables of many rows, and what takes them. */
async function writeLarge(folder: TestFolder) {
  const lines = (value: string): string => Array.from({ length: LARGE_ROWS }, (_, at) => `u${at},${value}`).join('\n');
  await folder.table('alice', 'large.csv', `id,a,y\n${lines('1.5,1')}\n`);
  await folder.table('bob', 'large.csv', `id,b,c\n${lines('1.5,2.5')}\n`);
  return { alice: { input_ds1: 'large.csv' }, bob: { input_ds2: 'large.csv' } };
}

await describeComponents('a component of SecretFlow', (folder, python) => {
  const runner = secretflow(python, { python });

  describeRunner({ ...runner, needs: async () => (await runner.needs()).filter(({ what }) => what !== 'SPU') }, [
    {
      type: 'component',
      isKilled: true,
      largestStep: 0.65,
      failing: { config: { keys: { alice: ['no'], bob: ['id'] } }, code: 'COLUMN_NOT_FOUND' },
      async prepare(folder) {
        await writeTables(folder);
        return runOf(folder, PSI);
      },
      async enlarge(folder, run) {
        const task_config = { ...run.params.task_config, input_data: await writeLarge(folder) };
        return { ...run, params: { ...run.params, task_config } };
      },
    },
  ]);

  const left = (run: TaskRun): string[] =>
    ['alice', 'bob'].flatMap((party) =>
      readdirSync(`${run.artifactRoot}/chain-1/${run.taskId}/${party}`).filter((name) => name.startsWith('.spu-')),
    );
  /** Processes in Python that compute, of this process. */
  const computing = (): number[] =>
    childrenOf(process.pid).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('party.py'));

  test('tries other ports where one is taken, and gives up with PORT_TAKEN', async () => {
    const taken = createServer((socket) => socket.destroy());
    await new Promise<void>((listening) => taken.listen(0, '127.0.0.1', listening));
    const { port } = taken.address() as AddressInfo;
    const run = runOf(folder, PSI, 'ports') as unknown as TaskRun<ComponentConfig>;
    try {
      let asked = 0;
      const ports = async (): Promise<number[]> => {
        const free = await freePorts(4);
        return (asked += 1) === 1 ? [...free.slice(0, 1), port, ...free.slice(2)] : free;
      };
      const { result } = await runComponent(run, python, { ports });
      expect([Object.keys(result['outputs'] as object), asked]).toEqual([['alice', 'bob'], 2]);
      const always = runComponent(run, python, { ports: async () => [port, ...(await freePorts(3))] });
      await expect(always).rejects.toMatchObject({ code: 'PORT_TAKEN', retryable: true });
      expect(computing()).toEqual([]);
    } finally {
      await new Promise((closed) => taken.close(closed));
    }
  }, 180_000);

  test('ends where all wait for each other, long before its links give up', async () => {
    let frozen = 0;
    const run = {
      ...runOf(folder, TRAIN, 'frozen'),
      progress(fraction: number) {
        // Amid an epoch: the other waits for what this one does not send.
        if (frozen > 0 || fraction < 0.45) return;
        frozen = computing()[0]!;
        process.kill(frozen, 'SIGSTOP');
      },
    } as unknown as TaskRun<ComponentConfig>;
    await expect(runComponent(run, python, { idleMs: 10_000 })).rejects.toMatchObject({
      ...{ code: 'PARTY_LOST', retryable: true },
      message: expect.stringContaining('all parties waited for each other'),
    });
    expect(frozen).toBeGreaterThan(0);
    expect(computing()).toEqual([]);
    expect(left(run)).toEqual([]);
  }, 180_000);

  test('ends all that it started when its worker is killed, and the next attempt removes what is left', async () => {
    const run = runOf(folder, TRAIN, 'killed');
    const child = spawn(process.execPath, [SUPERVISOR, JSON.stringify({ python, run, type: 'component' })], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const stages = createInterface({ input: child.stdout });
    await new Promise<void>((begun, failed) => {
      stages.on('line', (stage) => stage === RUNNING && begun());
      child.on('exit', () => failed(new Error('it ended by itself')));
    });
    const family = childrenOf(child.pid!).flatMap((pid) => [pid, ...childrenOf(pid)]);
    expect(family.length).toBeGreaterThanOrEqual(6); // Of each party a process, one on SecretFlow, and what ends that one's.
    child.kill('SIGKILL');
    while (family.some((pid) => existsSync(`/proc/${pid}`))) await wait(20);
    expect(left(run)).toHaveLength(2);
    await runner.run('component', { ...run, attempt: 2 });
    expect(left(run)).toEqual([]);
  }, 180_000);

  itUnless(noSmallDisk(), 'fails by DISK_FULL where it cannot write, and leaves nothing', async () => {
    const large = await writeLarge(folder);
    for (const [taskId, megabytes, config, fills] of [
      ['small', 1, { ...PSI, input_data: large }, undefined],
      ['filled', 8, PSI, RUNNING],
    ] as const) {
      const run = runOf(folder, config, taskId);
      mkdirSync(run.artifactRoot, { recursive: true });
      const command = [process.execPath, SUPERVISOR, JSON.stringify({ python, run, type: 'component', fills })];
      const { stderr, stdout } = spawnSync(...onSmallDisk(run.artifactRoot, megabytes, command), {
        encoding: 'utf8',
      });
      expect([taskId, stderr]).toEqual([taskId, expect.stringContaining("code: 'DISK_FULL'")]);
      const [, names] = /^left: (.*)$/m.exec(stdout)!;
      expect([taskId, names!.split(' ').filter((name) => name !== 'filler' && name !== '')]).toEqual([taskId, []]);
    }
  });
});

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      return (server.address() as AddressInfo).port;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
