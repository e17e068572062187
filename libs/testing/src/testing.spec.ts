import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { freePort, withConnection } from '#libs/local-postgres';
import { keptPort } from './kept-port.js';
import { describeUnless } from './skip.js';
import { createTestDatabase, useTestDatabase } from './test-database.js';
import { noRedis, startTestRedis } from './test-redis.js';

describe('test databases', () => {
  const shared = useTestDatabase();

  it('are apart from each other', async () => {
    const first = await createTestDatabase();
    const second = await createTestDatabase();
    await withConnection(first.url, (client) => client.query('CREATE TABLE apart (n int)'));
    const { rows } = await withConnection(second.url, (client) => client.query(`SELECT to_regclass('apart') AS found`));
    expect(rows).toEqual([{ found: null }]);
    await Promise.all([first.drop(), second.drop()]);
  });

  it('report a connection that was left open, and are dropped all the same', async () => {
    const database = await createTestDatabase();
    const leak = new pg.Client({ connectionString: database.url, application_name: 'forgetful' });
    leak.on('error', () => {});
    await leak.connect();
    await leak.query('SELECT 42 AS left_open');
    await expect(database.drop()).rejects.toThrow(/1 connection\(s\).*left open: forgetful: SELECT 42 AS left_open/);
    const names = await withConnection(shared.url, (client) =>
      client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database.name]),
    );
    expect(names.rowCount).toBe(0);
    await leak.end().catch(() => {});
  });
});

describeUnless(await noRedis(), 'test Redis', () => {
  it('answers while it runs and is gone when stopped', async () => {
    const redis = await startTestRedis();
    const port = Number(new URL(redis.url).port);
    await redis.stop();
    const gone = new Promise((resolve) => connect(port, '127.0.0.1').once('error', resolve));
    expect(await gone).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('kept ports', () => {
  it('are never those of a free port, and differ', async () => {
    const kept = await Promise.all(Array.from({ length: 50 }, () => keptPort()));
    expect(new Set(kept).size).toBe(50);
    const free = await Promise.all(Array.from({ length: 50 }, () => freePort()));
    expect(Math.max(...kept)).toBeLessThan(Math.min(...free, 20_000));
  });
});
