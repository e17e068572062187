import { join } from 'node:path';
import { describe, expect } from '@jest/globals';
import { buildLastRelease, itUnless } from '#libs/testing';
import { BACKENDS, chain, describeSystem, task, taskOf } from './system/index.js';
import type { AppName, SystemUnderTest } from './system/index.js';

const release = await buildLastRelease();
const REST: readonly AppName[] = ['api', 'status-listener'];

if ('reason' in release) {
  itUnless(release.reason, 'beside the last release, both ways', () => undefined);
} else {
  const last = join(release.folder, 'dist');
  describe('beside the last release', () => {
    for (const backend of BACKENDS) {
      describeSystem('both ways', backend, { apps: [], env: { WORKER_DRAIN_SECONDS: '1' } }, (check) => {
        check('its worker works with the API and the listener of this one', async (system) => {
          try {
            await Promise.all(REST.map((name) => system.startApp(name)));
            await system.startApp('compute-worker', {}, last);
            await runAll(system, () => system.startApp('compute-worker', {}, last));
          } finally {
            await stopAll(system);
          }
        });

        check(
          'its API and its listener work on the schema of this one and with its worker, and are updated while chains run',
          async (system) => {
            await Promise.all(REST.map((name) => system.startApp(name, {}, last)));
            await system.startApp('compute-worker');
            await runAll(system, () => system.startApp('compute-worker'));

            const old = system.api;
            const ids = await Promise.all(Array.from({ length: 3 }, () => old.start(chain(steps(12)))));
            await old.until(ids[0]!, 'it is under way', (now) => now.completed_tasks > 1);
            await Promise.all(REST.map((name) => system.app(name).stop()));
            await Promise.all(REST.map((name) => system.startApp(name)));
            for (const id of ids) {
              const done = await system.api.ended(id);
              expect(done).toMatchObject({ status: 'SUCCESS', completed_tasks: 12 });
              expect(done.tasks.every(({ failures }) => failures === 0)).toBe(true);
            }
          },
        );
      });
    }
  });
}

async function stopAll(system: SystemUnderTest): Promise<void> {
  await Promise.all(system.apps.map((app) => app.stop()));
}

/** Tasks of a quarter of a second, each after the one before. */
function steps(count: number): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, i) =>
    task(`t${i}`, { delay_ms: 250 }, { depends_on: i === 0 ? [] : [`t${i - 1}`] }),
  );
}

/** What worker and listener say to each other: results, failures and retries, progress, cancelling, handing back. */
async function runAll(system: SystemUnderTest, another: () => Promise<unknown>): Promise<void> {
  const { api } = system;
  const fanIn = await api.run(
    chain([
      task('a', { result: { n: 7 } }),
      task('b', { progress_steps: 3, delay_ms: 300 }),
      task('c', { fail_attempts: 1 }, { depends_on: ['a'], retry_policy: { max_retries: 1, delay_ms: 0 } }),
      task('d', { result: '${tasks.a.result.result.n}' }, { depends_on: ['b', 'c'] }),
    ]),
  );
  expect(fanIn).toMatchObject({ status: 'SUCCESS', completed_tasks: 4 });
  expect(taskOf(fanIn, 'c')).toMatchObject({ attempt: 2, failures: 1 });

  const cancelled = await api.start(chain([task('long', { delay_ms: 30_000 })]));
  await api.untilTask(cancelled, 'long', 'RUNNING');
  await api.expect(200, `/chains/${cancelled}/cancel`, { method: 'POST' });
  expect(await api.ended(cancelled)).toMatchObject({ status: 'CANCELLED' });

  await another();
  const handedBack = await api.start(chain([task('held', { delay_ms: 4_000 })]));
  const { worker_id } = taskOf(await api.untilTask(handedBack, 'held', 'RUNNING'), 'held');
  const workers = system.apps.filter((app) => app.name === 'compute-worker' && app.running);
  await workers.find((app) => worker_id!.includes(`-${app.pid}-`))!.stop();
  const done = await api.ended(handedBack);
  expect(taskOf(done, 'held')).toMatchObject({ status: 'SUCCESS', attempt: 2, failures: 0 });
}
