import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DEFAULT_SETTINGS, wireSettings } from '#libs/chain-domain';
import { useTestDatabase } from '#libs/testing';
import { insertWholeChain, type NewTaskRow } from '../chain-writer.js';
import { openDatabase, type Database } from '../database.js';
import { engineQueries } from '../engine-queries.js';

const task = (position: number, priority: number): NewTaskRow => ({
  task_id: `t${position}`,
  task_request_id: `task-${Math.random()}`,
  task_name: 't',
  task_type: 'diagnostic',
  execution_mode: 'parallel',
  depends_on: [],
  is_callback: false,
  status: 'PENDING',
  execution_order: position,
  priority,
  level: 0,
  pending: 0,
  trigger_rule: 'all_success',
  conditions: [],
  ...wireSettings(DEFAULT_SETTINGS),
  queue_timeout_seconds: null,
  hold: null,
  retry_policy: null,
  timeout_seconds: null,
  predecessors: [],
  successors: [],
  referenced: [],
  params: {},
  concurrency_key: null,
  concurrency_limit: null,
  concurrency_of: null,
  consent: null,
});

const RUNNING = {
  chain_name: 'c',
  chain_type: 'parallel',
  description: null,
  chain_config: {},
  status: 'RUNNING',
  created_by: null,
  by_admin: false,
  metadata: {},
  labels: {},
  stop_on_error: true,
  timeout_seconds: 60,
  approval_timeout_seconds: 60,
  execution_id: null,
  concurrency_key: null,
  concurrency_limit: null,
};

describe('promote-due', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = (await openDatabase(database.url)).forTenant('default')));
  const sql = <Row>(text: string, values: unknown[] = []): Promise<Row[]> => db.query<Row>({ name: '', text }, values);

  async function retryingChain(chainId: string, maxParallel: number | null, admitted: number): Promise<void> {
    const row = { ...RUNNING, chain_id: chainId, total_tasks: 3, max_parallel: maxParallel, admitted_tasks: admitted };
    await insertWholeChain(db, row, [task(0, 1), task(1, 9), task(2, 5)], []);
    await sql(
      `UPDATE chain_tasks SET status = 'RETRYING', next_attempt_at = now() - interval '1 s' WHERE chain_id = $1`,
      [chainId],
    );
  }
  const holds = (chainId: string): Promise<{ hold: string | null }[]> =>
    sql(`SELECT hold FROM chain_tasks WHERE chain_id = $1 AND status = 'READY' ORDER BY execution_order`, [chainId]);
  const admitted = async (chainId: string): Promise<number> =>
    (await sql<{ admitted_tasks: number }>('SELECT admitted_tasks FROM task_chains WHERE chain_id = $1', [chainId]))[0]!
      .admitted_tasks;

  test('admits the most urgent, as many as the limit leaves room for, in one statement', async () => {
    await retryingChain('limited', 3, 1);
    expect(await engineQueries.promoteDue(db, 10)).toBe(3);
    expect(await holds('limited')).toEqual([{ hold: 'MAX_PARALLEL' }, { hold: null }, { hold: null }]);
    expect(await admitted('limited')).toBe(3);
  });

  test('admits all where there is no limit, and none of a paused chain', async () => {
    await retryingChain('free', null, 0);
    await retryingChain('paused', null, 0);
    await sql(`UPDATE task_chains SET status = 'PAUSED' WHERE chain_id = 'paused'`);
    expect(await engineQueries.promoteDue(db, 10)).toBe(3);
    expect(await holds('free')).toEqual([{ hold: null }, { hold: null }, { hold: null }]);
    expect(await admitted('free')).toBe(3);
    expect(await holds('paused')).toEqual([]);
  });

  test('passes over a task that waits for an approval, which is overdue instead', async () => {
    await sql(`UPDATE chain_tasks SET status = 'CANCELLED', next_attempt_at = NULL WHERE status = 'RETRYING'`);
    await retryingChain('held', null, 0);
    await sql(`UPDATE chain_tasks SET hold = 'APPROVAL' WHERE chain_id = 'held' AND execution_order > 0`);
    await sql(
      `UPDATE chain_tasks SET next_attempt_at = now() + interval '1 h' WHERE chain_id = 'held' AND execution_order = 2`,
    );
    const overdue = `SELECT task_request_id FROM chain_tasks WHERE chain_id = 'held' AND execution_order = 1`;
    expect(await engineQueries.overdueApprovals(db)).toMatchObject(await sql<object>(overdue));
    expect(await engineQueries.promoteDue(db, 10)).toBe(1);
    expect(await engineQueries.nextDue(db)).toBe(null);
    await sql(`DELETE FROM task_chains WHERE chain_id = 'held'`);
    await sql(`DELETE FROM task_requests WHERE task_request_id NOT IN (SELECT task_request_id FROM chain_tasks)`);
  });

  test('waits for no task and no chain that another transaction holds', async () => {
    await sql(`UPDATE chain_tasks SET status = 'CANCELLED', next_attempt_at = NULL WHERE status = 'RETRYING'`);
    for (const chain of ['one', 'two', 'three']) await retryingChain(chain, null, 0);
    await db.transaction(async (tx) => {
      await tx.query({ name: '', text: `SELECT FROM task_chains WHERE chain_id = 'one' FOR UPDATE` });
      await tx.query({
        name: '',
        text: `SELECT FROM chain_tasks WHERE chain_id = 'two' AND execution_order = 0 FOR UPDATE`,
      });
      expect(await engineQueries.promoteDue(db, 99)).toBe(5);
    });
    expect(await engineQueries.promoteDue(db, 3)).toBe(3);
    expect(await engineQueries.promoteDue(db, 99)).toBe(1);
  });

  test('is due when the first of all retries is', async () => {
    await sql(`UPDATE chain_tasks SET status = 'CANCELLED', next_attempt_at = NULL WHERE status = 'RETRYING'`);
    expect(await engineQueries.nextDue(db)).toBe(null);
    await retryingChain('later', null, 0);
    expect(await engineQueries.nextDue(db)).toBeLessThanOrEqual(-1_000);
    await sql(
      `UPDATE chain_tasks SET next_attempt_at = now() + (execution_order + 1) * interval '1 min' WHERE chain_id = 'later'`,
    );
    const ms = await engineQueries.nextDue(db);
    expect([ms! <= 60_000, ms! > 0]).toEqual([true, true]);
  });
});

describe('claim-ready', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = await openDatabase(database.url)));
  beforeEach(async () => {
    await db.query({ name: '', text: 'TRUNCATE task_chains, task_requests CASCADE' });
    await db.query({ name: '', text: `DELETE FROM tenants WHERE tenant_id <> 'default'` });
  });

  /** A running chain of so many READY tasks of a tenant. */
  async function ready(tenant: string, count: number, weight = 1): Promise<void> {
    const text = `INSERT INTO tenants (tenant_id, name, weight) VALUES ($1, $1, $2) ON CONFLICT (tenant_id) DO UPDATE SET weight = $2`;
    await db.query({ name: '', text }, [tenant, weight]);
    const tasks = Array.from({ length: count }, (_, i) => ({
      ...task(i, (i % 10) + 1),
      task_request_id: `${tenant}-${i}`,
      status: 'READY',
    }));
    const row = {
      ...RUNNING,
      chain_id: `chain-${tenant}`,
      total_tasks: count,
      max_parallel: null,
      admitted_tasks: count,
    };
    await insertWholeChain(db.forTenant(tenant), row, tasks, []);
  }
  /** Claims so many -> how many of each tenant. */
  async function claim(places: number): Promise<Record<string, number>> {
    const claimed = await engineQueries.claimReady(db, ['diagnostic'], [places], 4_000);
    const counts: Record<string, number> = {};
    for (const { chain_id: id } of claimed) counts[id.slice(6)] = (counts[id.slice(6)] ?? 0) + 1;
    return counts;
  }

  test('gives one tenant all places, the most urgent first', async () => {
    await ready('default', 30);
    const claimed = await engineQueries.claimReady(db, ['diagnostic'], [6], 4_000);
    expect(claimed.map(({ task_request_id: id }) => Number(id.split('-')[1]) % 10).sort()).toEqual([8, 8, 8, 9, 9, 9]);
    expect(claimed[0]).toMatchObject({ tenants: ['default'] });
    expect(await claim(100)).toEqual({ default: 24 });
    expect(await claim(100)).toEqual({});
  });

  test('gives tenants turns, whoever has the most waiting', async () => {
    await ready('default', 200);
    await ready('acme', 30);
    await ready('beta', 2);
    expect(await claim(20)).toEqual({ default: 9, acme: 9, beta: 2 });
    // Whoever comes later has what the others had before.
    await ready('gamma', 30);
    expect(await claim(10)).toEqual({ gamma: 9, acme: 1 });
    expect(await claim(30)).toEqual({ default: 10, acme: 10, gamma: 10 });
  });

  test('gives no turn for tasks of other types, of chains that pause, or that another transaction holds', async () => {
    await ready('default', 21);
    await ready('acme', 20);
    await db.query({
      name: '',
      text: `UPDATE chain_tasks SET task_type = 'psi' WHERE tenant_id = 'default' AND execution_order > 0`,
    });
    expect(await claim(10)).toEqual({ default: 1, acme: 9 });
    await db.transaction(async (tx) => {
      const text = `SELECT FROM chain_tasks WHERE status = 'READY' AND tenant_id = 'acme' ORDER BY id LIMIT 4 FOR UPDATE`;
      expect(await tx.query({ name: '', text })).toHaveLength(4);
      expect(await claim(100)).toEqual({ acme: 7 });
    });
    await db.query({ name: '', text: `UPDATE task_chains SET status = 'PAUSED'` });
    expect(await claim(100)).toEqual({});
  });

  test('waits for no chain that is being saved', async () => {
    await ready('default', 2);
    await ready('acme', 2);
    await db.transaction(async (tx) => {
      await tx.query({ name: '', text: `SELECT FROM task_chains WHERE tenant_id = 'acme' FOR UPDATE` });
      expect(await claim(9)).toEqual({ default: 2 });
    });
    expect(await claim(9)).toEqual({ acme: 2 });
  });

  test('by their weights', async () => {
    await ready('default', 100, 3);
    await ready('acme', 100, 1);
    expect(await claim(40)).toEqual({ default: 30, acme: 10 });
  });
});

describe('claim-grouped', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = await openDatabase(database.url)));
  beforeEach(() => db.query({ name: '', text: 'TRUNCATE task_chains, task_requests CASCADE' }));

  type Group = { readonly key: string; readonly limit: number; readonly of: 'TASK' | 'CHAIN' };

  /** A running chain of so many READY tasks of a group, `<chain>-<i>`. */
  async function grouped(chain: string, count: number, { key, limit, of }: Group, tenant = 'default'): Promise<void> {
    const tasks = Array.from({ length: count }, (_, i) => ({
      ...task(i, 5),
      task_request_id: `${chain}-${i}`,
      status: 'READY',
      ...{ concurrency_key: key, concurrency_limit: limit, concurrency_of: of },
    }));
    const ofChain = of === 'CHAIN' ? { concurrency_key: key, concurrency_limit: limit } : {};
    const row = {
      ...RUNNING,
      ...ofChain,
      chain_id: chain,
      total_tasks: count,
      max_parallel: null,
      admitted_tasks: count,
    };
    await insertWholeChain(db.forTenant(tenant), row, tasks, []);
  }
  const claim = async (places = 100): Promise<string[]> => {
    const claimed = await db.transaction((tx) => engineQueries.claimGrouped(tx, ['diagnostic'], [places], 4_000));
    return claimed!.map(({ task_request_id: id }) => id).sort();
  };
  const end = (id: string): Promise<unknown> =>
    db.query({
      name: '',
      text: `UPDATE chain_tasks SET status = 'SUCCESS', lease_until = NULL WHERE task_request_id = '${id}'`,
    });

  test('lets as many tasks of a key go as may, over chains, and more as they end', async () => {
    await grouped('a', 3, { key: 'k', limit: 2, of: 'TASK' });
    await grouped('b', 3, { key: 'k', limit: 2, of: 'TASK' });
    await grouped('c', 1, { key: 'other', limit: 1, of: 'TASK' });
    await grouped('d', 2, { key: 'k', limit: 2, of: 'TASK' }, 'acme');
    expect(await claim()).toEqual(['a-0', 'a-1', 'c-0', 'd-0', 'd-1']);
    expect(await claim()).toEqual([]);
    await end('a-0');
    expect(await claim()).toEqual(['a-2']);
    await end('a-1');
    await end('a-2');
    expect(await claim(1)).toEqual(['b-0']);
    expect(await claim(1)).toEqual(['b-1']);
    expect(await claim(1)).toEqual([]);
  });

  test('lets a chain in until it ends, with all its tasks, and the next one then', async () => {
    await grouped('first', 2, { key: 'k', limit: 1, of: 'CHAIN' });
    for (let i = 0; i < 3; i++) await grouped(`later-${i}`, 150, { key: 'k', limit: 1, of: 'CHAIN' });
    expect(await claim(1)).toEqual(['first-0']);
    // It has its place: its second task goes before all that wait, however many.
    expect(await claim()).toEqual(['first-1']);
    expect(await claim()).toEqual([]);
    await db.query({
      name: '',
      text: `UPDATE task_chains SET status = 'SUCCESS', concurrency_held = false WHERE chain_id = 'first'`,
    });
    const next = await claim();
    expect(next).toHaveLength(100);
    expect(new Set(next.map((id) => id.split('-').slice(0, 2).join('-')))).toEqual(new Set(['later-0']));
    expect(await claim()).toHaveLength(50);
    expect(await claim()).toEqual([]);
  });

  test('waits for no task that another transaction holds, and takes none of a chain that pauses', async () => {
    await grouped('a', 2, { key: 'k', limit: 9, of: 'TASK' });
    await grouped('paused', 2, { key: 'k', limit: 9, of: 'TASK' });
    await db.query({ name: '', text: `UPDATE task_chains SET status = 'PAUSED' WHERE chain_id = 'paused'` });
    await db.transaction(async (other) => {
      await other.query({ name: '', text: `SELECT FROM chain_tasks WHERE task_request_id = 'a-0' FOR UPDATE` });
      expect(await claim()).toEqual(['a-1']);
    });
    expect(await claim()).toEqual(['a-0']);
  });

  test('gives places in one transaction at a time', async () => {
    await grouped('a', 2, { key: 'k', limit: 1, of: 'TASK' });
    await db.transaction(async (tx) => {
      expect(await engineQueries.claimGrouped(tx, ['diagnostic'], [9], 4_000)).toHaveLength(1);
      await expect(
        db.transaction((other) => engineQueries.claimGrouped(other, ['diagnostic'], [9], 4_000)),
      ).resolves.toBeUndefined();
    });
    expect(await claim()).toEqual([]);
    expect(await engineQueries.groupedWaits(db)).toBe(true);
  });
});
