import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { withConnection } from '#libs/local-postgres';
import { createLogger, NestLogger, readAppConfig } from '#libs/platform';
import { createTestDatabase, type TestDatabase } from '#libs/testing';
import { ListenerModule } from './listener.module.js';

/** Resolves once a query returns a row. */
async function untilFound(query: () => Promise<{ rows: unknown[] }>): Promise<void> {
  while ((await query()).rows.length === 0) await delay(20);
}

describe('the listener', () => {
  let database: TestDatabase;
  const lines: string[] = [];
  const faults = (): string[] => lines.filter((line) => /"level":"(warn|error|fatal)"/.test(line));

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  async function create(): Promise<NestFastifyApplication> {
    lines.length = 0;
    const logger = createLogger('status-listener', 'info', { write: (line) => void lines.push(line) });
    const config = readAppConfig({ DATABASE_URL: database.url });
    const module = await Test.createTestingModule({ imports: [ListenerModule.forRoot(config, logger)] })
      .setLogger(new NestLogger(logger))
      .compile();
    return module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { forceCloseConnections: true });
  }

  test('ends the rounds in hand, then its HTTP server, then its connections', async () => {
    const app = await create();
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const health = async (which: string) => {
      const response = await fetch(`${url}/health/${which}`);
      return [response.status, Object.keys(((await response.json()) as { checks: object }).checks)];
    };
    expect(await health('ready')).toEqual([200, ['database', 'queue', 'loops']]);
    expect(await health('live')).toEqual([200, ['loops']]);
    await withConnection(database.url, async (client) => {
      const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'task-chain-queue'`);
      expect(rows[0]!.count).toBeGreaterThan(0);
      expect(rows[0]!.count).toBeLessThanOrEqual(16); // Not one for each queue.
    });

    let ended = false;
    let closed: Promise<void> | undefined;
    await withConnection(database.url, async (client) => {
      await client.query('BEGIN');
      await client.query('LOCK TABLE workers IN ACCESS EXCLUSIVE MODE');
      await untilFound(() => client.query('SELECT FROM pg_locks WHERE NOT granted'));
      closed = app.close().then(() => void (ended = true));
      expect(await health('ready')).toEqual([503, ['stopping']]);
      expect(await health('live')).toEqual([200, ['loops']]);
      expect(ended).toBe(false);
      await client.query('COMMIT');
    });
    await closed;

    expect(faults()).toEqual([]);
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
    const open = `SELECT application_name FROM pg_stat_activity
      WHERE datname = current_database() AND application_name LIKE 'task-chain%'`;
    await withConnection(database.url, async (client) => {
      await untilFound(async () => ({ rows: (await client.query(open)).rows.length === 0 ? [1] : [] }));
    });
  });

  test('starts no loop on a schema that lacks a migration', async () => {
    const app = await create();
    const last = '(SELECT max(id) FROM schema_migrations)';
    const removed = await withConnection(database.url, (client) =>
      client.query(`DELETE FROM schema_migrations WHERE id = ${last} RETURNING id, timestamp, name`),
    );
    await expect(app.init()).rejects.toThrow(/the database lacks 1 migrations .*run "npm run migrate"/);
    await withConnection(database.url, async (client) => {
      const { id, timestamp, name } = removed.rows[0] as Record<string, unknown>;
      const values = [id, timestamp, name];
      await client.query('INSERT INTO schema_migrations (id, timestamp, name) VALUES ($1, $2, $3)', values);
    });
    await app.close();
    expect(faults()).toEqual([]);
  });
});
