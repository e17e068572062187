import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { startEmbeddedPostgres, withConnection, type EmbeddedPostgres } from '#libs/local-postgres';
import { migrateQueues, queueMark } from '#libs/queues';
import { openDatabase, engineQueries, runMigrations } from '#libs/repositories';
import { openTestQueues, takeBaseBackup } from '#libs/testing';
import {
  BACKENDS,
  chain,
  describeSystem,
  eventually,
  line,
  task,
  taskOf,
  type SystemUnderTest,
} from './system/index.js';

describe('a database that is put back to an older state', () => {
  for (const backend of BACKENDS) {
    describeSystem('backup and restore', backend, { apps: [] }, (check) => {
      check('goes on from there, and takes nothing of the time that was lost', async (system) => {
        const lost = await Server.make();
        const restored = await Server.make();
        try {
          await lost.start();
          await runMigrations(lost.url);
          await migrateQueues(lost.url);
          await theStory(system, lost, restored);
        } finally {
          await Promise.all(system.apps.map((app) => app.kill()));
          await lost.remove();
          await restored.remove();
        }
      });
    });
  }
});

async function theStory(system: SystemUnderTest, lost: Server, restored: Server): Promise<void> {
  const onRedis = system.backend === 'redis';
  const start = async (at: Server, ...names: ('api' | 'status-listener' | 'compute-worker')[]) =>
    Promise.all(names.map((name) => system.startApp(name, { DATABASE_URL: at.url, WORKER_CONCURRENCY: '2' })));
  const [, listener, worker] = await start(lost, 'api', 'status-listener', 'compute-worker');

  // What the backup knows: one chain is done, one runs, two wait to be started.
  const done = await system.api.run(chain(line(3)));
  const runs = await system.api.start(chain([task('x', { delay_ms: 4_000 }), task('y', {}, { depends_on: ['x'] })]));
  const again = await system.api.create(chain([task('t', { result: 'again' })]));
  const stale = await system.api.create(chain([task('p', { result: 'stale' }), task('q', {}, { depends_on: ['p'] })]));
  await system.api.untilTask(runs, 'x', 'RUNNING');
  await lost.backUp(restored);
  const { queues, channel, backend, close } = await open(system, lost.url);
  const mark = await queueMark(backend);

  // The time that will be lost: one chain ends; of the others reports lie in the channel and jobs in the queue.
  expect((await system.api.ended(runs)).status).toBe('SUCCESS');
  // By its mark the queue is known to be of a later time.
  if (onRedis)
    await eventually('the mark is changed', async () => ((await queueMark(backend)) === mark ? undefined : true));
  await worker!.stop();
  for (const id of [again, stale]) await system.api.expect(202, `/chains/${id}/execute`, { method: 'POST' });
  const unknown = [await system.api.start(chain(line(1)))];
  await eventually('the jobs of three chains wait', async () =>
    (await queues.depth('diagnostic')).prioritized === 3 ? true : undefined,
  );
  await listener!.kill();
  const [lastWorker] = await start(lost, 'compute-worker').catch(() => [undefined]);
  void lastWorker;
  await eventually('three reports wait for a listener', async () =>
    (await channel.backlog('done')) === 3 ? true : undefined,
  );
  await Promise.all(system.apps.map((app) => app.kill()));
  await queues.send([
    jobOf('lost-1', 1),
    { ...jobOf(await requestOf(lost.url, stale, 'q'), 1), chainId: stale, taskId: 'q' },
  ]);
  await close();
  await lost.stop();

  // Everything is started on what was restored.
  await restored.start();
  await start(restored, 'api', 'status-listener', 'compute-worker');
  const { api } = system;
  const db = await openDatabase(restored.url);
  const now = await open(system, restored.url);
  try {
    for (const id of unknown) expect((await api.call(`/chains/${id}`)).status).toBe(404);
    expect(await api.chain(done.chain_id)).toMatchObject({ status: 'SUCCESS', completed_tasks: 3 });
    // What ran as the backup was made is lost with its worker, and runs again.
    const rerun = await api.ended(runs);
    expect(rerun).toMatchObject({ status: 'SUCCESS', completed_tasks: 2 });
    expect(taskOf(rerun, 'y').result!.inputs).toMatchObject({ x: { attempt: taskOf(rerun, 'x').attempt } });

    // What was started in the lost time was not, and runs as if for the first time: not by a job or report of then.
    for (const id of [again, stale]) {
      const before = await api.chain(id);
      expect([
        before.status,
        before.tasks.map(({ status }) => status).filter((status) => status !== 'PENDING'),
      ]).toEqual(['PENDING', []]);
      await api.expect(202, `/chains/${id}/execute`, { method: 'POST' });
      const ended = await api.ended(id);
      expect(ended).toMatchObject({ status: 'SUCCESS', failed_tasks: 0 });
      for (const { task_id, attempt, result } of ended.tasks) {
        expect([task_id, result!.attempt, attempt]).toEqual([task_id, attempt, attempt]);
        expect(attempt).toBe(onRedis ? 1_001 : 1);
        expect((await api.attempts(id, task_id)).map(({ outcome }) => outcome)).toEqual(['SUCCESS']);
      }
    }

    // Reports that still come from then: of what is not there, and of an attempt that was never handed out.
    const late = {
      kind: 'succeeded',
      elapsedMs: 1,
      result: { of: 'then' },
      artifacts: [],
      workerId: 'of-then',
      runId: 'run-of-then',
    };
    const [ofThen] = unknown;
    const known = {
      chainId: stale,
      taskId: 'p',
      taskRequestId: await requestOf(restored.url, stale, 'p'),
      attempt: 5_000,
    };
    await now.channel.publish('done', {
      ...late,
      chainId: ofThen,
      taskId: 'task-0',
      taskRequestId: 'task-of-then',
      attempt: 1,
    });
    await now.channel.publish('done', { ...late, ...known });
    const rows = await eventually('all is quarantined', async () => {
      const found = await repairsOf(restored.url);
      return found.some(({ data }) => data.worker_id === 'of-then') ? found : undefined;
    });
    expect(rows.filter(({ chain_id }) => chain_id === ofThen).length).toBe(onRedis ? 2 : 1);
    if (onRedis) expect(rows.map(({ chain_id }) => chain_id)).toEqual(expect.arrayContaining([again, stale]));
    expect(JSON.stringify(rows)).not.toContain('"of"');
    const event = await eventually('its event is there', async () => {
      const { items } = await api.expect<{ items: { disposition: string; attempt: number }[] }>(
        200,
        `/chains/${stale}/events`,
      );
      return items.find(({ disposition }) => disposition === 'QUARANTINED');
    });
    expect(event.attempt).toBe(5_000);
    expect(taskOf(await api.chain(stale), 'p').result!.result).toBe('stale');

    // Nothing is left over, nothing is broken.
    await eventually('the queue is empty', async () => {
      const { prioritized, waiting, active } = await now.queues.depth('diagnostic');
      return prioritized + waiting + active === 0 ? true : undefined;
    });
    expect((await engineQueries.openBroken(db, 0, 1_000)).broken).toEqual([]);
    expect(await engineQueries.endedBroken(db, 1_000)).toEqual([]);
    expect((await api.run(chain(line(2)))).status).toBe('SUCCESS');
  } finally {
    await now.close();
    await db.close();
  }
}

const jobOf = (taskRequestId: string, attempt: number) => ({
  chainId: 'chain-of-then',
  taskId: 'then',
  taskRequestId,
  taskType: 'diagnostic',
  attempt,
  params: { task_config: { result: 'of then' } },
  inputs: {},
  timeoutMs: null,
  priority: 5,
});

function open(system: SystemUnderTest, databaseUrl: string) {
  return openTestQueues({ redisUrl: system.redisUrl, databaseUrl, maxConnections: 3 });
}

const requestOf = (url: string, chainId: string, taskId: string): Promise<string> =>
  withConnection(url, async (client) => {
    const text = 'SELECT task_request_id FROM chain_tasks WHERE chain_id = $1 AND task_id = $2';
    return (await client.query<{ task_request_id: string }>(text, [chainId, taskId])).rows[0]!.task_request_id;
  });

const repairsOf = (url: string) =>
  withConnection(url, async (client) => {
    const text = `SELECT chain_id, data FROM repairs WHERE kind = 'report-quarantined'`;
    return (await client.query<{ chain_id: string; data: { worker_id: string } }>(text)).rows;
  });

/** A separate server that can be backed up as it runs: a base backup by PostgreSQL's own functions. */
class Server {
  private server: EmbeddedPostgres | undefined;

  private constructor(private readonly folder: string) {}

  static async make(): Promise<Server> {
    const folder = mkdtempSync(join(tmpdir(), 'task-chain-restore-'));
    chmodSync(folder, 0o755);
    return new Server(folder);
  }

  get url(): string {
    return this.server!.url;
  }

  async start(): Promise<void> {
    this.server = await startEmbeddedPostgres({ dataDir: this.folder, durable: false });
  }

  /** To where another server will start. */
  async backUp(to: Server): Promise<void> {
    await takeBaseBackup(this.url, this.server!.cluster, join(to.folder, 'postgres'));
    cpSync(join(this.folder, 'postgres.password'), join(to.folder, 'postgres.password'));
  }

  async stop(): Promise<void> {
    await this.server?.stop();
    this.server = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
