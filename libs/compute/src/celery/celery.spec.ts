import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { FLEET_QUEUE, noCelery, noRedis, startTestRedis, TestFleet, type TestRedis } from '#libs/testing';
import { farPsi, killAt as kill } from '../catalogue/far-runs-for-tests.js';
import { native } from '../catalogue/native.js';
import { clearResult, testFolder, type TestFolder } from '../contract/run-for-tests.js';
import type { TaskRun } from '../contract/task-type.js';
import type { TaskRunner } from '../contract/task-runner.js';
import { celery } from './celery.js';
import { farId } from './far-id.js';
import { IMPATIENT, settingsOf } from './fleet-for-tests.js';

const noServer = await noRedis();
let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis.stop());

/** The design's, and the newest: each has a database of Redis. */
for (const [database, version] of ['5.2.7', '5.7.0'].entries()) {
  const skipped = noServer || noCelery(version);
  if (skipped) test.skip(`the engine celery with Celery ${version} [skipped: ${skipped}]`, () => undefined);
  else withCelery(version, database);
}

function withCelery(version: string, database: number): void {
  describe(`psi at workers of Celery ${version}`, () => {
    let fleet: TestFleet;
    let engine: TaskRunner;
    let folder: TestFolder;
    let client: Redis;
    const runOf = (config: object = {}, more: Partial<TaskRun> = {}): TaskRun<never> => farPsi(folder, config, more);
    const exchanged = (): string[] => {
      const path = `${folder.path}/data/.celery`;
      return existsSync(path) ? readdirSync(path) : [];
    };
    const kept = ({ artifactRoot, taskId }: TaskRun): string[] =>
      ['alice', 'bob']
        .map((party) => `${artifactRoot}/chain-1/${taskId}/${party}`)
        .flatMap((path) => (existsSync(path) ? readdirSync(path) : []))
        .filter((name) => name.startsWith('.'));
    const isLeft = async (id: string): Promise<boolean> =>
      [...(await client.lrange(FLEET_QUEUE, 0, -1)), ...(await client.hvals('unacked'))].some((text) =>
        text.includes(id),
      );

    /** Runs it in a process that is killed while the fleet computes. */
    const killAt = (run: TaskRun<never>): Promise<void> =>
      kill('the fleet computes', 'celery', settingsOf(fleet, run.dataRoot), run);

    beforeAll(async () => {
      folder = await testFolder();
      const rows = (from: number): string =>
        Array.from({ length: 300 }, (_, i) => `"${from + i}","a\nb ${i}"`).join('\n');
      await folder.table('alice', 't.csv', `id,text\n${rows(1)}\n`);
      await folder.table('bob', 't.csv', `id,text\n${rows(101)}\n`);
      const url = `${redis.url}/${database}`;
      fleet = await TestFleet.start(version, url);
      engine = celery(settingsOf(fleet, `${folder.path}/data`), IMPATIENT);
      client = new Redis(url);
    });
    afterAll(async () => {
      client.disconnect();
      await fleet.stop();
      await folder.remove();
    });

    test('gives the files and the result of native, with limits that end a task before it is handed on', async () => {
      await fleet.plan();
      const run = runOf();
      const { result: expected, artifacts } = await native.run('psi', run);
      const stages: string[] = [];
      const outcome = await engine.run('psi', { ...run, progress: (_, stage) => stages.push(stage) });
      expect(outcome).toEqual({ result: { ...expected, psi_protocol: 'KKRT_PSI_2PC' }, artifacts, partyResults: {} });
      const id = farId('chain-1', run.taskId, 1, '*');
      expect(await fleet.starts()).toEqual([`${id} [3500, 3400]`]);
      expect(stages).toEqual(expect.arrayContaining(['reading keys', 'the fleet computes']));
      expect([exchanged(), kept(run)]).toEqual([[], []]);
    });

    test('gives the fleet hashes alone, under a salt of each run', async () => {
      const given = async (): Promise<string[][]> => {
        await fleet.plan('sleep 1');
        const run = runOf();
        let lines: string[][] = [];
        const progress = (_: number, stage: string): void => {
          if (stage !== 'the fleet computes') return;
          const at = `${run.dataRoot}/.celery/${farId('chain-1', run.taskId, 1, '')}`;
          const files = ['alice', 'bob'].map((party) =>
            readdirSync(`${at}/${party}`).map((name) => `${at}/${party}/${name}`),
          );
          expect(files.map(({ length }) => length)).toEqual([1, 1]);
          lines = files.map(([path]) => readFileSync(path!, 'utf8').trimEnd().split('\n'));
        };
        await engine.run('psi', { ...run, progress });
        return lines;
      };
      const [first, second] = [await given(), await given()];
      for (const [header, ...hashes] of [...first, ...second]) {
        expect([header, hashes.length]).toEqual(['key', 301]);
        expect(hashes.filter((each) => !/^k[\w-]{22}$/.test(each))).toEqual([]);
      }
      const common = (one: string[], other: string[]): number =>
        one.slice(1).filter((each) => other.includes(each)).length;
      expect([common(first[0]!, first[1]!), common(first[0]!, second[0]!)]).toEqual([200, 0]);
      expect([...first[0]!].sort()).not.toEqual(first[0]);
    });

    test('tells the receiver alone', async () => {
      await fleet.plan();
      const { result, artifacts, partyResults } = await engine.run('psi', runOf({ receiver: 'bob' }));
      expect(result).toMatchObject({ intersection_count: null, output_paths: { bob: expect.any(String) } });
      expect(artifacts.map(({ name }) => name)).toEqual(['bob/intersection.csv']);
      expect(clearResult({ result, artifacts, partyResults: partyResults! }, 'bob')).toMatchObject({
        intersection_count: 200,
      });
    });

    test('takes a failure that is followed by a retry for none', async () => {
      await fleet.plan('retry 1', 'retry 1');
      const { result } = await engine.run('psi', runOf());
      expect(result.intersection_count).toBe(200);
      expect(await fleet.starts()).toHaveLength(3);
    });

    test("tells a failure's kind and not its text, and leaves nothing", async () => {
      await fleet.plan('fail');
      const run = runOf();
      const failure: unknown = await engine.run('psi', run).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'REMOTE_FAILED',
        retryable: false,
        message: expect.stringContaining('RuntimeError'),
        details: { error_type: 'RuntimeError' },
      });
      expect(JSON.stringify([failure, (failure as Error).message])).not.toContain('secret');
      expect([exchanged(), kept(run)]).toEqual([[], []]);
    });

    test('counts the starts of a child that dies without end, and takes the task back', async () => {
      await fleet.plan(...Array.from({ length: 50 }, () => 'die'));
      const run = runOf();
      await expect(engine.run('psi', run)).rejects.toMatchObject({ code: 'WORKER_CRASH_LOOP', retryable: false });
      const starts = (await fleet.starts()).length;
      expect(starts).toBeGreaterThan(4);
      expect(await isLeft(farId('chain-1', run.taskId, 1, '*'))).toBe(false);
      await fleet.plan();
      expect((await engine.run('psi', runOf())).result.intersection_count).toBe(200);
    });

    test('goes on after a child that died once', async () => {
      await fleet.plan('die');
      expect((await engine.run('psi', runOf())).result.intersection_count).toBe(200);
      expect(await fleet.starts()).toHaveLength(2);
    });

    test('ends a task that runs at the fleet within 2 s, and one that waits there', async () => {
      await fleet.plan('sleep 60');
      const stop = new AbortController();
      const waiting = new AbortController();
      const later = runOf({}, { signal: waiting.signal });
      const run = runOf({}, { signal: stop.signal });
      let second: Promise<unknown> | undefined;
      const began = new Promise<void>((resolve) => {
        const progress = (_: number, stage: string): void => void (stage === 'the fleet computes' && resolve());
        second = engine.run('psi', { ...run, progress }).catch((error: unknown) => error);
      });
      await began;
      const queued = new Promise<void>((resolve) => {
        const progress = (_: number, stage: string): void =>
          void (stage === 'waits in the queue of the fleet' && resolve());
        void engine.run('psi', { ...later, progress }).catch(() => undefined);
      });
      await queued;
      const [id, laterId] = [run, later].map(({ taskId }) => farId('chain-1', taskId, 1, '*'));
      waiting.abort(new Error('waiting stopped'));
      while (await isLeft(laterId!)) await wait(10);
      const at = performance.now();
      stop.abort(new Error('stopped'));
      expect(await second).toBe(stop.signal.reason);
      expect(performance.now() - at).toBeLessThan(2_000);
      expect(await isLeft(id!)).toBe(false);
      expect(JSON.parse((await client.get(`celery-task-meta-${id}`))!)).toMatchObject({ status: 'REVOKED' });
      expect(await fleet.starts()).toHaveLength(1);
      while (exchanged().length > 0) await wait(10);
    });

    test('takes the task from a worker whose machine is lost: no other gets it an hour later', async () => {
      await fleet.plan('sleep 60');
      const run = runOf();
      const progress = (_: number, stage: string): void => void (stage === 'the fleet computes' && fleet.killWorker());
      const failure: unknown = await engine.run('psi', { ...run, progress }).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'FLEET_WORKER_LOST', retryable: true });
      expect(await isLeft(farId('chain-1', run.taskId, 1, '*'))).toBe(false);
      const none: unknown = await engine.run('psi', { ...run, attempt: 2 }).catch((error: unknown) => error);
      expect(none).toMatchObject({ code: 'NO_WORKER', retryable: true });
      expect(await isLeft(farId('chain-1', run.taskId, 2, '*'))).toBe(false);
      await fleet.startWorker();
      await fleet.plan();
      expect((await engine.run('psi', { ...run, attempt: 3 })).result.intersection_count).toBe(200);
      expect(await fleet.starts()).toHaveLength(1);
    });

    test('adopts what the fleet still runs when our worker was killed: the fleet runs it once', async () => {
      await fleet.plan('sleep 3');
      const run = runOf();
      await killAt(run);
      expect([exchanged().length, kept(run).length]).toEqual([1, 2]);
      const lines: string[] = [];
      const { result } = await engine.run('psi', { ...run, attempt: 2, log: (_, line) => lines.push(line) });
      expect(result.intersection_count).toBe(200);
      expect(lines).toContain('the fleet has the task of attempt 1: it is followed');
      expect(await fleet.starts()).toEqual([expect.stringContaining(farId('chain-1', run.taskId, 1, '*'))]);
      expect([exchanged(), kept(run)]).toEqual([[], []]);
      // An attempt that comes late publishes nothing: the later one has fenced it.
      const late = runOf();
      await engine.run('psi', { ...late, attempt: 2 });
      await expect(engine.run('psi', late)).rejects.toMatchObject({
        code: 'FLEET_WORKER_LOST',
      });
      expect(await fleet.starts()).toHaveLength(2);
    });

    test('ends what nobody follows any more, and nothing else', async () => {
      await fleet.plan('sleep 60', 'sleep 4');
      const [run, later] = [runOf(), runOf()];
      await killAt(run);
      const id = farId('chain-1', run.taskId, 1, '*');
      let isOver = false;
      const followed = engine.run('psi', later).finally(() => (isOver = true));
      while ((await isLeft(id)) || exchanged().length > 1) await engine.tend!();
      expect(JSON.parse((await client.get(`celery-task-meta-${id}`))!)).toMatchObject({ status: 'REVOKED' });
      while (!isOver) await engine.tend!();
      expect((await followed).result.intersection_count).toBe(200);
      expect([exchanged(), await client.zcard('taskchain:celery:followed')]).toEqual([[], 0]);
      // What others write there leads nowhere.
      await client.zadd('taskchain:celery:followed', 1, `../alice ${id}`);
      await engine.tend!();
      expect([existsSync(`${run.dataRoot}/alice/t.csv`), await client.zcard('taskchain:celery:followed')]).toEqual([
        true,
        0,
      ]);
    });

    test('removes what an attempt left that ended before its task was published', async () => {
      await fleet.plan();
      const run = runOf({}, { attempt: 2 });
      mkdirSync(`${run.dataRoot}/.celery/${farId('chain-1', run.taskId, 1, '')}`, { recursive: true });
      await engine.run('psi', run);
      expect(exchanged()).toEqual([]);
    });

    test.each(['forge', 'link'])('refuses what a fleet cannot have found (%s)', async (how) => {
      await fleet.plan(how);
      const run = runOf();
      await expect(engine.run('psi', run)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
      expect([exchanged(), kept(run)]).toEqual([[], []]);
    });

    test('says what a broker has, and what its workers lack', async () => {
      const settings = settingsOf(fleet, `${folder.path}/data`);
      const found = await engine.needs();
      expect(found.map(({ what, found: version }) => [what, version])).toEqual([
        ['broker', expect.stringMatching(/^Redis \d/)],
        ['workers', `1 on the queue ${FLEET_QUEUE}`],
        ['exchange', `${folder.path}/data/.celery`],
      ]);
      const other = await celery({ ...settings, queue: 'other' }).needs();
      expect(other[1]).toMatchObject({ found: null, mend: expect.stringContaining('none takes the queue other') });
      const away = await celery({ ...settings, brokers: 'redis://:secret@127.0.0.1:1/0' }).needs();
      expect(away[0]).toMatchObject({ found: null, mend: expect.stringContaining('does not answer') });
      expect(JSON.stringify(away)).not.toContain('secret');
    });
  });
}
