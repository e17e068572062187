import { describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { withConnection } from '#libs/local-postgres';
import { useTestDatabase } from '#libs/testing';
import { migrations } from '../../../migrations/index.js';
import { revertMigration, runMigrations, showMigrations, untilTheWayIsFree } from './migrate.js';

const NAMES = migrations.map(({ name }) => name);

/** Everything that a migration makes, as PostgreSQL describes it. */
const SCHEMA = `
  SELECT 'column' AS kind, table_name || '.' || column_name AS name, concat_ws(' ', data_type, is_nullable, column_default) AS is
    FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
   WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT 'function', oid::regprocedure::text, md5(pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
   AND prokind = 'f'
  UNION ALL SELECT 'trigger', tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL SELECT 'policy', tablename || '.' || policyname, concat_ws(' ', roles, cmd, qual, with_check) FROM pg_policies
  UNION ALL SELECT 'grant', table_name, string_agg(grantee || ' ' || privilege_type, ',' ORDER BY grantee, privilege_type)
    FROM information_schema.role_table_grants WHERE table_schema = 'public' GROUP BY table_name
  ORDER BY 1, 2`;

describe('migrations', () => {
  const database = useTestDatabase();
  const schema = (): Promise<unknown[]> =>
    withConnection(database.url, async (client) => (await client.query<object>(SCHEMA)).rows);

  it('are reverted one by one, newest first, and applied again to the same schema', async () => {
    const before = await schema();
    expect(before.length).toBeGreaterThan(100);
    expect(await revertAll(database.url)).toEqual([...NAMES].reverse());
    expect((await showMigrations(database.url)).map(({ name, applied }) => [name, applied])).toEqual(
      NAMES.map((name) => [name, false]),
    );
    expect(await runMigrations(database.url)).toEqual(NAMES);
    expect(await runMigrations(database.url)).toEqual([]);
    expect(await schema()).toEqual(before);
  });

  it('do not hold up others behind a table that is used, and go on when it is free', async () => {
    await withConnection(database.url, async (user) => {
      await user.query('BEGIN; LOCK TABLE task_chains IN ACCESS SHARE MODE');
      // Which of them need the table is theirs to say; the first one made it.
      const reverting = revertAll(database.url);
      await withConnection(database.url, async (reader) => {
        await waiting(reader, 1);
        // This waits behind the migration, and is served when that gives way.
        await reader.query('SELECT FROM task_chains LIMIT 1');
      });
      await user.query('COMMIT');
      expect(await reverting).toEqual([...NAMES].reverse());
    });
    expect(await runMigrations(database.url)).toEqual(NAMES);
  });

  it('wait for another process that migrates, however long it takes', async () => {
    await withConnection(database.url, async (other) => {
      await other.query('SELECT pg_advisory_lock(7361902)');
      const waited = runMigrations(database.url);
      // Longer than a migration waits for a table.
      await delay(3_300);
      await other.query('SELECT pg_advisory_unlock(7361902)');
      expect(await waited).toEqual([]);
    });
  });

  it.each([
    ['40P01', 100],
    ['55P03', 100],
    ['42P07', 1],
    [undefined, 1],
  ])('that fail with %s are tried %i times', async (code, times) => {
    let tries = 0;
    const failure = Object.assign(new Error('failed'), { driverError: { code } });
    const work = () => {
      tries += 1;
      return Promise.reject(failure);
    };
    await expect(untilTheWayIsFree(work, 0)).rejects.toBe(failure);
    expect(tries).toBe(times);
  });
});

/** Reverts one after the other until none is left. Returns their names in this order. */
async function revertAll(databaseUrl: string): Promise<string[]> {
  const reverted: string[] = [];
  for (;;) {
    const name = await revertMigration(databaseUrl);
    if (name === null) return reverted;
    reverted.push(name);
  }
}

/** Until so many sessions wait for a lock on a table. */
async function waiting(client: { query(sql: string): Promise<{ rows: unknown[] }> }, count: number): Promise<void> {
  const sql = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'task_chains'::regclass`;
  while ((await client.query(sql)).rows.length < count) await delay(20);
}
