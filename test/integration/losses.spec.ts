import { describe, expect } from '@jest/globals';
import { Redis } from 'ioredis';
import { withConnection } from '#libs/local-postgres';
import { BACKENDS, chain, describeSystem, eventually, line, task, taskOf } from './system/index.js';
import type { SystemUnderTest } from './system/index.js';

/** A worker's lease of 15 s, the reconciler's second, and as much again as a slow machine may need. */
const LOST_WORKER_MS = 20_000;

describe('what dies on the way', () => {
  for (const backend of BACKENDS) {
    describeSystem('processes and jobs', backend, { env: { WORKER_CONCURRENCY: '2' } }, (check) => {
      check("a worker: its task runs again on another, at nobody's cost", async (system) => {
        const { api } = system;
        const first = system.app('compute-worker');
        const id = await api.start(
          chain([task('held', { delay_ms: 1_500 }), task('after', {}, { depends_on: ['held'] })]),
        );
        const running = await api.untilTask(id, 'held', 'RUNNING');
        const lostWorker = taskOf(running, 'held').worker_id;
        await first.kill();
        const killed = performance.now();
        const [second] = await Promise.all([system.startApp('compute-worker')]);
        const again = await api.until(id, 'held runs again', (now) => taskOf(now, 'held').losses === 1);
        expect(performance.now() - killed).toBeLessThan(LOST_WORKER_MS);
        expect(taskOf(again, 'held').attempt).toBeLessThanOrEqual(2);
        const done = await api.ended(id);
        expect(done).toMatchObject({ status: 'SUCCESS', completed_tasks: 2, failed_tasks: 0 });
        expect(taskOf(done, 'held')).toMatchObject({ attempt: 2, losses: 1, failures: 0, error: null });
        expect(taskOf(done, 'held').worker_id).not.toBe(lostWorker);
        expect(taskOf(done, 'held').worker_id).toContain(`-${second.pid}-`);
        const attempts = await api.attempts(id, 'held');
        expect(attempts.map(({ attempt, outcome, error }) => [attempt, outcome, error?.code])).toEqual([
          [1, 'LOST', 'WORKER_LOST'],
          [2, 'SUCCESS', undefined],
        ]);
      });

      check('a worker that is asked to stop hands its tasks back at once', async (system) => {
        const { api } = system;
        await system.startApp('compute-worker');
        const id = await api.start(chain([task('held', { delay_ms: 6_000 })]));
        const { worker_id } = taskOf(await api.untilTask(id, 'held', 'RUNNING'), 'held');
        const workers = system.apps.filter((app) => app.name === 'compute-worker' && app.running);
        const [leaving, staying] = workers.sort((app) => (worker_id!.includes(`-${app.pid}-`) ? -1 : 1));
        await leaving!.stop();
        const done = await api.ended(id);
        expect(taskOf(done, 'held')).toMatchObject({ status: 'SUCCESS', attempt: 2, losses: 0, failures: 0 });
        expect(taskOf(done, 'held').worker_id).toContain(`-${staying!.pid}-`);
        const [handedBack] = await api.attempts(id, 'held');
        expect(handedBack).toMatchObject({ attempt: 1, outcome: 'LOST', error: null });
      });

      check('a listener, in the middle of chains: nothing is lost', async (system) => {
        const { api } = system;
        const ids = await Promise.all(Array.from({ length: 5 }, () => api.start(chain(line(12, { delay_ms: 40 })))));
        await api.until(ids[0]!, 'some tasks are done', (now) => now.completed_tasks >= 3);
        await system.app('status-listener').kill();
        await system.startApp('status-listener');
        for (const id of ids) {
          const done = await api.ended(id);
          expect(done).toMatchObject({ status: 'SUCCESS', completed_tasks: 12 });
          // One that had been sent and not reported may have gone out again, never failed.
          expect(done.tasks.every((each) => each.failures === 0)).toBe(true);
        }
      });

      check('all jobs of the queue: what was QUEUED is sent again', async (system) => {
        const { api } = system;
        const id = await api.start(
          chain(['a', 'b', 'c', 'd'].map((name) => task(name, { delay_ms: 2_500 }, { execution_mode: 'parallel' }))),
        );
        const holds = (status: string) => (now: { tasks: { status: string }[] }) =>
          now.tasks.filter((each) => each.status === status).length === 2;
        await api.until(id, 'two run and two wait', (now) => holds('RUNNING')(now) && holds('QUEUED')(now));
        await loseQueue(system);
        const done = await api.ended(id);
        expect(done).toMatchObject({ status: 'SUCCESS', completed_tasks: 4 });
        const waited = done.tasks.filter((each) => each.losses === 0);
        expect(waited.length).toBeGreaterThanOrEqual(2);
        for (const each of waited) expect(each).toMatchObject({ attempt: 1, failures: 0 });
      });

      check('every connection to PostgreSQL, again and again: no process ends, nothing is lost', async (system) => {
        const { api } = system;
        const ids = await Promise.all(Array.from({ length: 4 }, () => api.start(chain(line(15, { delay_ms: 60 })))));
        const before = system.apps.filter((app) => app.running).map((app) => app.pid);
        for (let cut = 1; cut <= 5; cut++) {
          await eventually('there are connections to cut', () => cutConnections(system));
          await eventually('the API answers again', async () => {
            const answer = await api.call(`/chains/${ids[0]}`);
            return answer.status === 200 ? true : undefined;
          });
        }
        for (const id of ids) {
          const done = await api.ended(id);
          expect(done).toMatchObject({ status: 'SUCCESS', completed_tasks: 15, failed_tasks: 0 });
        }
        expect(system.apps.filter((app) => app.running).map((app) => app.pid)).toEqual(before);
      });
    });
  }
});

async function loseQueue(system: SystemUnderTest): Promise<void> {
  if (system.redisUrl === undefined) {
    await withConnection(system.databaseUrl, (client) => client.query('DELETE FROM bullmq.job'));
    return;
  }
  const redis = new Redis(system.redisUrl);
  try {
    await redis.flushall();
  } finally {
    redis.disconnect();
  }
}

async function cutConnections(system: SystemUnderTest): Promise<number | undefined> {
  const { rowCount } = await withConnection(system.databaseUrl, (client) =>
    client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'task-chain%'`,
    ),
  );
  return rowCount ? rowCount : undefined;
}
