import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { TcpProxy, useTestDatabase } from '#libs/testing';
import { guardedPool, isUnanswered } from './guarded-pool.js';

/** Short times for the test: a ping each, and the answer that it waits for. */
const TIMES = [50, 400] as const;

describe('a guarded pool', () => {
  const database = useTestDatabase();
  let proxy: TcpProxy;
  beforeAll(async () => {
    proxy = await TcpProxy.start(Number(new URL(database.url).port));
  });
  afterAll(() => proxy.stop());

  async function withPool(test: (pool: pg.Pool) => Promise<void>): Promise<void> {
    const url = new URL(database.url);
    url.port = String(proxy.port);
    const pool = guardedPool({ connectionString: url.href, max: 2 }, ...TIMES);
    try {
      await test(pool);
    } finally {
      await pool.end();
    }
  }

  it('gives up a query whose answer never comes, and its connection', async () => {
    await withPool(async (pool) => {
      await pool.query('SELECT 1');
      proxy.swallow();
      expect(isUnanswered(await pool.query('SELECT 1').catch((error: unknown) => error))).toBe(true);
      expect((await pool.query('SELECT 2 AS two')).rows).toEqual([{ two: 2 }]);
    });
  });

  it('breaks a connection that only listens once it swallows bytes', async () => {
    await withPool(async (pool) => {
      const client = await pool.connect();
      await client.query('LISTEN spec');
      const broken = new Promise<Error>((resolve) => client.on('error', resolve));
      proxy.swallow();
      expect((await broken).message).toBe('Connection terminated: PostgreSQL does not answer on it');
      client.release(true);
    });
  });

  it('leaves alone what answers late, and a transaction that has failed', async () => {
    await withPool(async (pool) => {
      expect((await pool.query(`SELECT 1 AS one FROM pg_sleep(0.3)`)).rows).toEqual([{ one: 1 }]);
      const client = await pool.connect();
      const broken: Error[] = [];
      client.on('error', (error) => broken.push(error));
      await client.query('BEGIN');
      await expect(client.query('SELECT 1/0')).rejects.toThrow('division by zero');
      await pool.query('SELECT pg_sleep(0.3)');
      await client.query('ROLLBACK');
      expect(broken).toEqual([]);
      client.release();
    });
  });
});
