import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { FLEET_QUEUE, noCelery, noRedis, startTestRedis, TcpProxy, TestFleet, type TestRedis } from '#libs/testing';
import { farPsi } from '../catalogue/far-runs-for-tests.js';
import { native } from '../catalogue/native.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { TaskRun } from '../contract/task-type.js';
import type { TaskRunner } from '../contract/task-runner.js';
import { celery } from './celery.js';
import { farId } from './far-id.js';
import { withFarTasks } from './far-tasks.js';
import { fleetsOf, type CelerySettings } from './fleet.js';
import { IMPATIENT, settingsOf } from './fleet-for-tests.js';

const VERSION = '5.7.0';
const skipped = (await noRedis()) || noCelery(VERSION);

test('all tasks have one order of the fleets, which is that of their brokers', () => {
  const brokerOf = (url: string) => ({ url, address: 'host:1', spu: 'host:2' });
  const brokers = {
    alice: brokerOf('redis://a:x@one:6379/0'),
    bob: brokerOf('redis://two:6379/0'),
    carol: brokerOf('redis://zoe:y@one:6379/0'),
  };
  const settings = { brokers, queue: FLEET_QUEUE, dataRoot: '/data', farRoot: '/data' };
  const order = (...parties: string[]): unknown => {
    const fleets = fleetsOf(settings, parties, 0, '/data');
    return 'missing' in fleets ? fleets.missing : fleets.map(({ party }) => party);
  };
  // Carol's broker is Alice's: who waited for Bob with a slot there would wait for whoever waits the other way.
  expect([order('alice', 'bob'), order('bob', 'carol')]).toEqual([
    ['alice', 'bob'],
    ['carol', 'bob'],
  ]);
  expect(order('alice', 'dave')).toBe('dave');
});

test('a party of another tenant has the fleet that is named for it, and not that of a party of the same name', () => {
  const brokerOf = (url: string) => ({ url, address: 'host:1', spu: 'host:2' });
  const brokers = {
    ...{ alice: brokerOf('redis://one'), bob: brokerOf('redis://two') },
    ...{ '@beta/alice': brokerOf('redis://three'), '@beta/bob': brokerOf('redis://four') },
  };
  const settings = { brokers, queue: FLEET_QUEUE, dataRoot: '/data', farRoot: '/data' };
  const urls = (root: string): unknown => {
    const fleets = fleetsOf(settings, ['alice', 'bob'], 0, root);
    return 'missing' in fleets ? fleets.missing : fleets.map(({ url, party }) => [party, url]).sort();
  };
  expect(urls('/data')).toEqual([
    ['alice', 'redis://one'],
    ['bob', 'redis://two'],
  ]);
  expect(urls('/data/@beta')).toEqual([
    ['alice', 'redis://three'],
    ['bob', 'redis://four'],
  ]);
  expect(urls('/data/@gamma')).toBe('@gamma/alice');
});

test('a run of a tenant whose parties nobody has named reaches no fleet', async () => {
  const broker = { url: 'redis://127.0.0.1:1', address: 'host:1', spu: 'host:2' };
  const settings = { brokers: { alice: broker, bob: broker }, queue: FLEET_QUEUE, dataRoot: '/data', farRoot: '/data' };
  const run = { chainId: 'c', taskId: 't', attempt: 1, signal: AbortSignal.timeout(60_000), log: () => undefined };
  const request = { settings, parties: ['alice', 'bob'], isKept: () => Promise.resolve(true) };
  const done = withFarTasks({ ...request, run: { ...run, dataRoot: '/data/@beta' } }, () => Promise.resolve());
  await expect(done).rejects.toMatchObject({
    code: 'ENGINE_NOT_READY',
    message: expect.stringContaining('@beta/alice'),
  });
});

if (skipped) test.skip(`a fleet for each party [skipped: ${skipped}]`, () => undefined);
else {
  describe('psi at a fleet of one slot for each party', () => {
    const fleets: Record<'alice' | 'bob', TestFleet> = {} as never;
    const clients: Redis[] = [];
    let redis: TestRedis;
    let folder: TestFolder;
    let settings: CelerySettings;
    let engine: TaskRunner;
    const runOf = (more: Partial<TaskRun> = {}): TaskRun<never> => farPsi(folder, {}, more);
    /** Which fleets have got the task of this run. */
    const published = async ({ taskId }: TaskRun): Promise<string[]> => {
      const has = await Promise.all(
        ['alice', 'bob'].map((party, at) =>
          clients[at]!.exists(`taskchain:celery:${farId('chain-1', taskId, 1, party)}`),
        ),
      );
      return ['alice', 'bob'].filter((_, at) => has[at] === 1);
    };
    const exchanged = (): string[] =>
      existsSync(`${folder.path}/data/.celery`) ? readdirSync(`${folder.path}/data/.celery`) : [];
    const isLeft = async (): Promise<boolean> => {
      const places = await Promise.all(
        clients.map(async (client) => (await client.llen(FLEET_QUEUE)) + (await client.hlen('unacked'))),
      );
      return places.some((count) => count > 0);
    };

    beforeAll(async () => {
      folder = await testFolder();
      const rows = (from: number): string => Array.from({ length: 300 }, (_, i) => from + i).join('\n');
      await folder.table('alice', 't.csv', `id\n${rows(1)}\n`);
      await folder.table('bob', 't.csv', `id\n${rows(101)}\n`);
      mkdirSync(`${folder.path}/meeting`);
      redis = await startTestRedis();
      const urls = { alice: `${redis.url}/2`, bob: `${redis.url}/3` };
      for (const party of ['alice', 'bob'] as const) {
        fleets[party] = await TestFleet.start(VERSION, urls[party], `${folder.path}/meeting`);
        clients.push(new Redis(urls[party]));
      }
      const brokerOf = (url: string, port: number) => ({ url, address: `host:${port}`, spu: `host:${port + 1}` });
      settings = {
        ...settingsOf(fleets.alice, `${folder.path}/data`),
        brokers: { alice: brokerOf(urls.alice, 9394), bob: brokerOf(urls.bob, 9396) },
      };
      engine = celery(settings, IMPATIENT);
    });
    afterAll(async () => {
      for (const client of clients) client.disconnect();
      await Promise.all(Object.values(fleets).map((fleet) => fleet.stop()));
      await redis.stop();
      await folder.remove();
    });

    test('goes on after its broker was away for a moment, and leaves the task where it stays away: the next attempt follows it', async () => {
      const proxy = await TcpProxy.start(Number(new URL(redis.url).port));
      try {
        const brokers = `redis://127.0.0.1:${proxy.port}/2`;
        const far = celery({ ...settings, brokers }, IMPATIENT);
        const away = async (ms: number, run: TaskRun<never>) => {
          let isAway = false;
          const progress = (_: number, stage: string): void => {
            if (stage !== 'the fleet computes' || isAway) return;
            isAway = true;
            proxy.cut();
            if (Number.isFinite(ms)) setTimeout(() => proxy.letGo(), ms);
          };
          return far.run('psi', { ...run, progress });
        };
        await fleets.alice.plan('sleep 1', 'sleep 4');
        expect((await away(400, runOf())).result.intersection_count).toBe(200);
        const run = runOf();
        await expect(away(Infinity, run)).rejects.toMatchObject({ code: 'BROKER_LOST', retryable: true });
        await expect(far.run('psi', { ...run, attempt: 2 })).rejects.toMatchObject({ code: 'BROKER_LOST' });
        proxy.letGo();
        const lines: string[] = [];
        const log = (_: string, line: string): void => void lines.push(line);
        expect((await far.run('psi', { ...run, attempt: 3, log })).result.intersection_count).toBe(200);
        expect(lines).toContain('the fleet has the task of attempt 1: it is followed');
        expect(await fleets.alice.starts()).toHaveLength(2);
        expect([exchanged(), await isLeft()]).toEqual([[], false]);
      } finally {
        await proxy.stop();
      }
    });

    test('gives the files and the result of native', async () => {
      const run = runOf();
      const { result: expected, artifacts } = await native.run('psi', run);
      const outcome = await engine.run('psi', run);
      expect(outcome).toEqual({ result: { ...expected, psi_protocol: 'KKRT_PSI_2PC' }, artifacts, partyResults: {} });
      expect(await published(run)).toEqual(['alice', 'bob']);
      expect([exchanged(), await isLeft()]).toEqual([[], false]);
    });

    test('asks the second fleet once the first has begun: two tasks at once wait for nothing that the other holds', async () => {
      await fleets.alice.plan('sleep 2');
      const [first, second] = [runOf(), runOf()];
      const ends: Promise<{ result: Record<string, unknown> }>[] = [];
      let isWaiting = (): void => undefined;
      const waiting = new Promise<void>((resolve) => (isWaiting = resolve));
      const computes = new Promise<void>((resolve) => {
        const progress = (_: number, stage: string): void => void (stage === 'the fleet computes' && resolve());
        ends.push(engine.run('psi', { ...first, progress }));
      });
      await computes;
      const progress = (_: number, stage: string): void =>
        void (stage === 'waits in the queue of the fleet' && isWaiting());
      ends.push(engine.run('psi', { ...second, progress }));
      await waiting;
      expect([await published(first), await published(second)]).toEqual([['alice', 'bob'], ['alice']]);
      const counts = (await Promise.all(ends)).map(({ result }) => result.intersection_count);
      expect(counts).toEqual([200, 200]);
      expect(await published(second)).toEqual(['alice', 'bob']);
    });

    test.each([
      ['tries its task again', ['retry 5', 'sleep 60'], 'REMOTE_FAILED'],
      ['has a process that dies', ['die', 'sleep 60'], 'FLEET_WORKER_LOST'],
    ])('ends all, to begin anew together, where one fleet %s', async (_, steps, code) => {
      await fleets.bob.plan(...steps);
      const run = runOf();
      await expect(engine.run('psi', run)).rejects.toMatchObject({ code, retryable: true });
      expect(exchanged()).toEqual([]);
      while (await isLeft()) await new Promise((later) => setTimeout(later, 50));
      await fleets.bob.plan();
      expect((await engine.run('psi', { ...run, attempt: 2 })).result.intersection_count).toBe(200);
    });
  });
}
