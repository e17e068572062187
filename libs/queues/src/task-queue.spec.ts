import { expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { RedisOptions } from 'ioredis';
import type pg from 'pg';
import { TcpProxy, useTestDatabase } from '#libs/testing';
import { closeBackend, openBackend } from './backend.js';
import { openRedis } from './redis-connection.js';
import { BackendQueue, BackendWorker, PROCESSOR_OPTIONS, queueOptionsOf } from './task-queue.js';

const database = useTestDatabase();

it('a worker on PostgreSQL that is closed while it gets ready gives its connections back', async () => {
  const url = new URL(database.url);
  const proxy = await TcpProxy.start(Number(url.port));
  proxy.latencyMs = 20;
  url.port = String(proxy.port);
  const backend = openBackend({ redisUrl: undefined, databaseUrl: url.href });
  const worker = new BackendWorker('task-closed', async () => undefined, {
    ...queueOptionsOf(backend),
    ...PROCESSOR_OPTIONS,
  });
  void worker.run();
  await worker.close();
  // Others may need longer to close than it to get ready.
  await worker.waitUntilReady();
  // Ends once every connection has been given back.
  await closeBackend(backend);
  await proxy.stop();
  expect(backend.kind === 'postgres' && backend.pool.totalCount).toBe(0);
});

it('a worker on PostgreSQL that starts while the way is cut asks with pauses, and works once the way is back', async () => {
  const url = new URL(database.url);
  const proxy = await TcpProxy.start(Number(url.port));
  proxy.cut();
  const backend = openBackend({ redisUrl: undefined, databaseUrl: database.url });
  url.port = String(proxy.port);
  const beyond = openBackend({ redisUrl: undefined, databaseUrl: url.href });
  const queue = new BackendQueue('task-cut', queueOptionsOf(backend));
  let end = (_job: string): void => undefined;
  const done = new Promise<string>((resolve) => (end = resolve));
  const worker = new BackendWorker('task-cut', async (job) => end(job.data.job), {
    ...queueOptionsOf(beyond),
    ...PROCESSOR_OPTIONS,
  });
  const began = performance.now();
  void worker.run();
  for (let faults = 0; faults < 4; faults++) await new Promise((next) => worker.once('error', next));
  // Each after a pause of 500 ms; a look at stalled jobs fails beside them.
  expect(performance.now() - began).toBeGreaterThan(500);
  proxy.letGo();
  await queue.add('job', { job: 'late' });
  expect(await done).toBe('late');
  await Promise.all([worker.close(), queue.close()]);
  await Promise.all([closeBackend(backend), closeBackend(beyond)]);
  await proxy.stop();
});

it('a worker on Redis that nothing wakes has its answer before its connection counts as dead', async () => {
  const redis = openRedis('redis://127.0.0.1:1');
  const { socketTimeout } = redis.options as RedisOptions;
  const worker = new BackendWorker('task-idle', async () => undefined, { connection: redis, ...PROCESSOR_OPTIONS });
  worker.on('error', () => undefined);
  await worker.close(true);
  redis.disconnect();
  // The server looks at its time-outs ten times a second; the rest is for a machine that stands still.
  expect(socketTimeout! - worker.opts.drainDelay! * 1_000).toBeGreaterThanOrEqual(5_000);
});

it('workers on PostgreSQL share one connection that listens, and one in its place once it is lost', async () => {
  const backend = openBackend({ redisUrl: undefined, databaseUrl: database.url });
  if (backend.kind !== 'postgres') throw new Error('not the backend of this test');
  const types = ['shared-1', 'shared-2', 'shared-3'].map((type) => `task-${type}`);
  const options = queueOptionsOf(backend);
  const queues = types.map((type) => new BackendQueue(type, options).on('error', () => undefined));
  let heard = new Map<string, () => void>();
  const workers = types.map((type) =>
    new BackendWorker(type, async () => heard.get(type)!(), { ...options, ...PROCESSOR_OPTIONS }).on(
      'error',
      () => undefined,
    ),
  );
  const eachDoesOne = async (job: string): Promise<void> => {
    const done = types.map((type) => new Promise<void>((resolve) => heard.set(type, resolve)));
    for (const queue of queues) await queue.add('job', { job });
    await Promise.all(done);
  };
  // Of those that nobody holds the pool has the count; statements are over soon.
  const { pool } = backend;
  const held = async (count: number): Promise<void> => {
    while (pool.totalCount - pool.idleCount !== count) await delay(20);
  };
  for (const worker of workers) void worker.run();
  await eachDoesOne('first');
  await held(1);
  heard = new Map();
  await pool.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
  );
  // They ask again only after five minutes, unless they are woken.
  await eachDoesOne('second');
  await held(1);
  await Promise.all([...workers, ...queues].map((each) => each.close()));
  await held(0);
  await closeBackend(backend);
});

it('a worker on PostgreSQL whose look for jobs that wait has failed asks for one, and not after minutes', async () => {
  const backend = openBackend({ redisUrl: undefined, databaseUrl: database.url });
  if (backend.kind !== 'postgres') throw new Error('not the backend of this test');
  const { pool } = backend;
  const options = queueOptionsOf(backend);
  const queue = new BackendQueue('task-unseen', options);
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<pg.QueryResult>;
  let [asked, failed] = [0, 0];
  pool.query = (async (...args: unknown[]) => {
    const text = String(args[0]);
    // One connection after the other may be dead that the pool takes for idle.
    if (text.includes('waitForJob to close the race') && ++failed <= 2) throw new Error('Connection terminated');
    const answer = await query(...args);
    // The job comes before anybody listens, and after the worker has asked for one.
    if (text.includes('FROM move_to_active(') && ++asked === 1) await queue.add('job', { job: 'unseen' });
    return answer;
  }) as never;
  let end = (_job: string): void => undefined;
  const done = new Promise<string>((resolve) => (end = resolve));
  const worker = new BackendWorker('task-unseen', async (job) => end(job.data.job), {
    ...options,
    ...PROCESSOR_OPTIONS,
  });
  void worker.run();
  expect([await done, failed > 0]).toEqual(['unseen', true]);
  await Promise.all([worker.close(), queue.close()]);
  await closeBackend(backend);
});

it('a queue on PostgreSQL refuses jobs that were not stored', async () => {
  const backend = openBackend({ redisUrl: undefined, databaseUrl: database.url });
  if (backend.kind !== 'postgres') throw new Error('not the backend of this test');
  const queue = new BackendQueue('task-refused', queueOptionsOf(backend));
  const jobs = [{ name: 'job', data: { job: 'x' }, opts: { jobId: 'one' } }];
  await backend.pool.query('ALTER TABLE job RENAME TO job_away');
  try {
    await expect(queue.addBulk(jobs)).rejects.toThrow('job');
  } finally {
    await backend.pool.query('ALTER TABLE job_away RENAME TO job');
  }
  expect(await queue.getJobState('one')).toBe('unknown');
  await queue.addBulk(jobs);
  expect(await queue.getJobState('one')).toBe('waiting');
  await queue.close();
  await closeBackend(backend);
});

it('idle workers on PostgreSQL wait for minutes, as the pool finds a dead connection, and on Redis for seconds', async () => {
  const [redis, backend] = [
    openRedis('redis://127.0.0.1:1'),
    openBackend({ redisUrl: undefined, databaseUrl: database.url }),
  ];
  const delays = [];
  for (const options of [{ connection: redis }, queueOptionsOf(backend)]) {
    const worker = new BackendWorker('task-waits', async () => undefined, { ...options, ...PROCESSOR_OPTIONS });
    worker.on('error', () => undefined);
    delays.push(worker.opts.drainDelay);
    await worker.close(true);
  }
  expect(delays).toEqual([15, 300]);
  redis.disconnect();
  await closeBackend(backend);
});
