import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { chain, describeSystem, eventually, task, taskOf } from './system/index.js';
import type { AppProcess, SystemUnderTest } from './system/index.js';

interface Health {
  readonly code: number;
  readonly body: { status: string; checks?: Record<string, { status: string; detail?: string }> };
}

async function urlOf(app: AppProcess, which: 'live' | 'ready'): Promise<string> {
  const { url, port } = await app.ready();
  return `${typeof url === 'string' ? url : `http://127.0.0.1:${String(port)}`}/health/${which}`;
}

async function health(app: AppProcess, which: 'live' | 'ready'): Promise<Health> {
  const response = await fetch(await urlOf(app, which));
  return { code: response.status, body: (await response.json()) as Health['body'] };
}

const codes = async (app: AppProcess): Promise<number[]> => [
  (await health(app, 'live')).code,
  (await health(app, 'ready')).code,
];

/** Runs `work` with one migration said to be applied, or not to be. */
async function withSchema(system: SystemUnderTest, change: string, work: () => Promise<void>): Promise<void> {
  const { databaseUrl } = system;
  const kept = 'SELECT * FROM schema_migrations ORDER BY id';
  const rows = await withConnection(databaseUrl, async (client) => {
    const before = await client.query<{ id: number; timestamp: string; name: string }>(kept);
    await client.query(change);
    return before.rows;
  });
  try {
    await work();
  } finally {
    await withConnection(databaseUrl, async (client) => {
      await client.query('DELETE FROM schema_migrations');
      for (const row of rows) {
        await client.query('INSERT INTO schema_migrations (id, timestamp, name) VALUES ($1, $2, $3)', [
          row.id,
          row.timestamp,
          row.name,
        ]);
      }
    });
  }
}

/** Sends one request after another on one connection, until an answer says that it closes. Resolves with that answer's status. */
async function untilClosed(url: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (;;) {
    const [answer] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    if (answer.headers.connection === 'close') return answer.statusCode!;
  }
}

describeSystem('health', 'postgres', { env: { WORKER_TYPES: 'diagnostic', WORKER_DRAIN_SECONDS: '10' } }, (check) => {
  check('API and listener are alive and not ready on a schema that lacks a migration', async (system) => {
    const last = 'DELETE FROM schema_migrations WHERE id = (SELECT max(id) FROM schema_migrations)';
    await withSchema(system, last, async () => {
      for (const name of ['api', 'status-listener'] as const) {
        expect(await codes(system.app(name))).toEqual([200, 503]);
        const { body } = await health(system.app(name), 'ready');
        expect(body.checks?.['database']?.detail).toMatch(/lacks .*run "npm run migrate"/);
      }
    });
    for (const { name } of system.apps) expect([name, ...(await codes(system.app(name)))]).toEqual([name, 200, 200]);
  });

  check('a schema that is newer is as good: the version before runs beside an update', async (system) => {
    const newer = `INSERT INTO schema_migrations (timestamp, name) VALUES (9999999999999, 'Newer9999999999999')`;
    await withSchema(system, newer, async () => {
      for (const { name } of system.apps) expect([name, ...(await codes(system.app(name)))]).toEqual([name, 200, 200]);
    });
  });

  check('a worker is alive while it idles and while it takes what comes', async (system) => {
    const worker = system.app('compute-worker');
    expect((await health(worker, 'live')).body).toMatchObject({ status: 'ok', checks: { intake: { status: 'ok' } } });
    const done = await system.api.run(chain([task('a')]));
    expect(done.status).toBe('SUCCESS');
    expect((await health(worker, 'live')).code).toBe(200);
  });

  check('a worker that ends its tasks before it stops is alive and not ready', async (system) => {
    const { api } = system;
    const worker = system.app('compute-worker');
    const id = await api.start(chain([task('long', { delay_ms: 3_000 })]));
    await api.untilTask(id, 'long', 'RUNNING');
    const stopped = worker.stop();
    const draining = await eventually('it is not ready', async () => {
      const now = await health(worker, 'ready');
      return now.code === 503 ? now : undefined;
    });
    expect(draining.body.checks).toMatchObject({ stopping: { status: 'failing' } });
    expect((await health(worker, 'live')).code).toBe(200);
    await stopped;
    expect(taskOf(await api.ended(id), 'long')).toMatchObject({ status: 'SUCCESS', attempt: 1 });
  });

  check('a worker runs the types that it is given, and does not start with an unknown one', async (system) => {
    const { api } = system;
    const name = `none-${randomUUID().slice(0, 8)}`;
    const refused = await system.startApp('compute-worker', { WORKER_TYPES: `psi,${name}` }).catch(String);
    expect(refused).toContain(`WORKER_TYPES names what is not offered: ${name}`);

    const other = await system.startApp('compute-worker', { WORKER_TYPES: 'psi' });
    const id = await api.start(chain([task('waits')]));
    // The slots of a worker that stopped count for 10 s: until then the task may have been sent.
    const nobody = await api.until(id, 'nobody runs it', (now) => taskOf(now, 'waits').waiting?.code === 'NO_WORKER');
    expect(taskOf(nobody, 'waits')).toMatchObject({ started_at: null, result: null });
    await system.startApp('compute-worker');
    expect((await api.ended(id)).status).toBe('SUCCESS');
    expect(other.running).toBe(true);
  });

  check('an API that stops answers each request that is sent to it on an open connection', async (system) => {
    const api = system.app('api');
    const url = await urlOf(api, 'live');
    const last = Promise.all(Array.from({ length: 20 }, () => untilClosed(url)));
    await delay(200);
    await api.stop();
    for (const status of await last) expect([200, 503]).toContain(status);
  });
});
