import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { useTestDatabase } from '#libs/testing';
import { MINE, openDatabase, type Database, type Queryable } from './database.js';
import { TaskChain } from './entities/task-chain.entity.js';
import { Tenant } from './entities/tenant.entity.js';
import { Webhook } from './entities/webhook.entity.js';
import { PLATFORM, TenantRepository } from './tenant.repository.js';

const tenants = new TenantRepository();
const TENANTS = ['default', 'acme', 'beta'];

type Ids = { chain_id: string }[];

/** The two ways to the rows: both must hold tenants apart. */
const WAYS: Record<string, { idsOf(db: Queryable): Promise<Ids>; fail(db: Queryable): Promise<unknown> }> = {
  statements: {
    idsOf: (db) => db.query({ name: 'all-ids', text: 'SELECT chain_id FROM task_chains ORDER BY chain_id' }),
    fail: (db) => db.query({ name: 'fails', text: 'SELECT 1 / $1::int' }, [0]),
  },
  entities: {
    idsOf: (db) => db.entities.find(TaskChain, { select: { chain_id: true }, order: { chain_id: 'ASC' } }),
    fail: (db) =>
      db.entities.createQueryBuilder(TaskChain, 'chain').where('1 / (chain.version - 1) > :n', { n: 0 }).getMany(),
  },
};

describe("a tenant's rows", () => {
  let api: Database;
  let engine: Database;
  afterAll(() => Promise.all([api.close(), engine.close()]));
  const database = useTestDatabase();
  let tables: string[];
  beforeAll(async () => {
    api = await openDatabase(database.url, { role: 'task_chain_api', max: 2 });
    engine = await openDatabase(database.url, { role: 'task_chain_engine', max: 1 });
    for (const tenant_id of ['acme', 'beta']) {
      await tenants.insert(api.forTenant(PLATFORM), { tenant_id, name: tenant_id });
    }
    await withConnection(database.url, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `SELECT table_name AS name FROM information_schema.columns JOIN pg_tables ON tablename = table_name
          WHERE column_name = 'tenant_id' AND table_schema = 'public' ORDER BY 1`,
      );
      tables = rows.map(({ name }) => name);
      for (const tenant of TENANTS) {
        await client.query(`SET task_chain.tenant = '${tenant}'`);
        await client.query(
          `INSERT INTO task_chains (chain_id, chain_name, chain_type, chain_config, status, total_tasks, timeout_seconds)
           SELECT 'chain-${tenant}-' || n, '${tenant}', 'parallel', '{}', 'RUNNING', 1, 60 FROM generate_series(1, 3) AS n`,
        );
        await client.query(`INSERT INTO outbox (kind, payload) VALUES ('NOTICE', '{}')`);
      }
    });
  });
  const own = (tenant: string): Ids => [1, 2, 3].map((n) => ({ chain_id: `chain-${tenant}-${n}` }));

  test('are held apart in every table that has them, from its owner too', async () => {
    const guarded = await engine.query<{ name: string }>({
      name: '',
      text: `SELECT relname AS name FROM pg_class WHERE relrowsecurity AND relforcerowsecurity ORDER BY 1`,
    });
    expect(guarded.map(({ name }) => name)).toEqual(tables);
    expect(tables.length).toBeGreaterThanOrEqual(15);
    const [role] = await api.query<object>({
      name: '',
      text: `SELECT current_user AS user, rolsuper OR rolbypassrls OR rolcanlogin AS mighty,
                    (SELECT count(*) FROM pg_class WHERE relowner = pg_roles.oid) AS owns
               FROM pg_roles WHERE rolname = current_user`,
    });
    expect(role).toEqual({ user: 'task_chain_api', mighty: false, owns: 0 });
  });

  for (const [way, { idsOf }] of Object.entries(WAYS)) {
    test(`are seen by their tenant alone (${way})`, async () => {
      expect(await idsOf(api)).toEqual([]);
      expect(await idsOf(api.forTenant(PLATFORM))).toEqual([]);
      expect(await idsOf(engine)).toHaveLength(9);
      for (const tenant of TENANTS) {
        const db = api.forTenant(tenant);
        expect(await idsOf(db)).toEqual(own(tenant));
        expect(await db.transaction(idsOf)).toEqual(own(tenant));
      }
    });
  }

  test('are changed by their tenant alone, whatever the statement forgets', async () => {
    for (const tenant of TENANTS) {
      const db = api.forTenant(tenant);
      const changed = await db.query({
        name: '',
        text: `UPDATE task_chains SET description = 'mine' RETURNING chain_id`,
      });
      expect(changed).toHaveLength(3);
      expect(await db.entities.createQueryBuilder().update(TaskChain).set({ version: 1 }).execute()).toMatchObject({
        affected: 3,
      });
      expect((await db.query<{ tenant_id: string }>({ name: '', text: 'SELECT tenant_id FROM tenants' })).length).toBe(
        1,
      );
      expect(await db.entities.find(Tenant)).toMatchObject([{ tenant_id: tenant }]);
    }
  });

  test('are added to no other tenant, and given to none', async () => {
    const db = api.forTenant('acme');
    for (const text of [
      `UPDATE task_chains SET tenant_id = 'beta'`,
      `INSERT INTO webhooks (webhook_id, tenant_id, url, secret, events) VALUES ('w', 'beta', 'https://x', 's', '{}')`,
      `INSERT INTO outbox (tenant_id, kind, payload) VALUES ('beta', 'NOTICE', '{}')`,
      `INSERT INTO tenants (tenant_id, name) VALUES ('gamma', 'g')`,
    ]) {
      await expect(db.query({ name: '', text })).rejects.toThrow(/row-level security/);
    }
    const hook = { webhook_id: 'w', url: 'https://x', secret: 's', events: [] };
    await expect(db.entities.insert(Webhook, { ...hook, tenant_id: 'beta' })).rejects.toThrow(/row-level security/);
    await expect(db.entities.insert(Tenant, { tenant_id: 'gamma', name: 'g' })).rejects.toThrow(/row-level security/);
    for (const table of ['outbox', 'repairs', 'audit_head', 'duties']) {
      await expect(db.query({ name: '', text: `SELECT FROM ${table}` })).rejects.toThrow(/permission denied/);
    }
    for (const text of ['DELETE FROM audit_log', `INSERT INTO audit_head (seq, hash) VALUES (1, '')`]) {
      await expect(db.query({ name: '', text })).rejects.toThrow(/permission denied/);
    }
    expect(await db.query({ name: '', text: `UPDATE tenants SET weight = 1000 RETURNING tenant_id` })).toEqual([]);
  });

  for (const [way, { idsOf, fail }] of Object.entries(WAYS)) {
    test(`do not leak through connections that are used again, also after a failure midway (${way})`, async () => {
      let leaks = 0;
      let seen = 0;
      const turn = async (n: number): Promise<void> => {
        const tenant = TENANTS[n % 3]!;
        const db = api.forTenant(tenant);
        const look = async (on: Queryable, mine: Ids): Promise<void> => {
          seen++;
          if (JSON.stringify(await idsOf(on)) !== JSON.stringify(mine)) leaks++;
        };
        switch (n % 5) {
          case 0:
            return look(db, own(tenant));
          case 1:
            return db.transaction((tx) => look(tx, own(tenant)));
          case 2:
            return void (await fail(db).catch(() => undefined));
          case 3:
            return void (await db
              .transaction(async (tx) => {
                await look(tx, own(tenant));
                await fail(tx);
              })
              .catch(() => undefined));
          default:
            return look(api, []);
        }
      };
      // As many at once as get a connection within its time-out on a busy machine.
      for (let done = 0; done < 600; done += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, n) => turn(done + n)));
      }
      expect(seen).toBe(480);
      expect(leaks).toBe(0);
      const [left] = await api.query<{ tenant: string | null }>({ name: '', text: `SELECT ${MINE} AS tenant` });
      expect(left!.tenant ?? '').toBe('');
    });
  }

  test('a key opens its own tenant, and none that is closed', async () => {
    const db = api.forTenant('beta');
    await db.query({
      name: '',
      text: `INSERT INTO api_keys (key_id, name, role, key_hash, expires_at)
             VALUES ('k', 'k', 'viewer', '\\x01', now() + interval '1 day')`,
    });
    const use = (): Promise<object[]> =>
      api.query({ name: 'use', text: `SELECT key_id, tenant_id, role FROM use_api_key('\\x01')` });
    expect(await use()).toEqual([{ key_id: 'k', tenant_id: 'beta', role: 'viewer' }]);
    await tenants.update(api.forTenant(PLATFORM), 'beta', { enabled: false });
    expect(await use()).toEqual([]);
  });
});
