import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { openDatabase, type Database } from '#libs/repositories';
import { useTestDatabase } from '#libs/testing';
import { EventLog, type SeenLog } from './event-log.js';

describe('the log of all events', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  let log: SeenLog;
  let lastId: () => Promise<number>;
  beforeAll(async () => {
    db = await openDatabase(database.url, { role: 'task_chain_api', pinPlans: false });
    await withConnection(database.url, (client) =>
      client.query(`INSERT INTO task_chains (chain_id, tenant_id, chain_name, chain_type, chain_config, total_tasks, timeout_seconds)
      VALUES ('c', 'default', 'c', 'parallel', '{}', 1, 60)`),
    );
  });
  beforeEach(() => {
    const reads = db.forTenant('default');
    const all = new EventLog();
    log = all.seenBy(reads);
    lastId = () => all.lastId(reads);
  });
  type Client = Parameters<Parameters<typeof withConnection>[1]>[0];
  const withTwo = (work: (early: Client, late: Client) => Promise<void>): Promise<void> =>
    withConnection(database.url, (early) => withConnection(database.url, (late) => work(early, late)));
  /** -> its id. */
  const record = async (client: Client, age = '0 s', tenant = 'default'): Promise<number> => {
    const text = `INSERT INTO chain_events (chain_id, tenant_id, kind, disposition, recorded_at)
      VALUES ('c', $2, 'TaskStarted', 'ACCEPTED', now() - $1::interval) RETURNING id`;
    return Number((await client.query<{ id: string }>(text, [age, tenant])).rows[0]!.id);
  };
  const idsAfter = async (id: number): Promise<number[]> => (await log.page(id, 100)).rows.map((row) => row.id);
  /** What comes after the id once something does, or nothing after `ms`. */
  const eventually = async (id: number, ms: number): Promise<number[]> => {
    for (const until = performance.now() + ms; ;) {
      const ids = await idsAfter(id);
      if (ids.length > 0 || performance.now() > until) return ids;
    }
  };

  test('holds a later event back until one that was begun before it is stored', () =>
    withTwo(async (early, late) => {
      const last = await lastId();
      await early.query('BEGIN');
      const first = await record(early);
      const second = await record(late);
      expect(first).toBeLessThan(second);
      // For longer than a transaction is without a number.
      expect(await eventually(last, 1_500)).toEqual([]);
      expect(await log.page(last, 100)).toMatchObject({ after: last, more: false });
      await early.query('COMMIT');
      expect(await idsAfter(last)).toEqual([first, second]);
      expect(await idsAfter(first)).toEqual([second]);
    }));

  test('goes on over one that was rolled back', () =>
    withTwo(async (early, late) => {
      const last = await lastId();
      await early.query('BEGIN');
      await record(early);
      await early.query('ROLLBACK');
      const next = await record(late);
      expect(await eventually(last, 30_000)).toEqual([next]);
      expect(await log.page(last, 100)).toMatchObject({ after: next });
    }));

  test('takes no notice of what was removed long ago', () =>
    withTwo(async (_early, late) => {
      const last = await lastId();
      const removed = await record(late, '3 min');
      const kept = await record(late, '3 min');
      await late.query('DELETE FROM chain_events WHERE id = $1', [removed]);
      expect(await idsAfter(last)).toEqual([kept]);
    }));

  test('passes over the events of other tenants, which hold nothing back', () =>
    withTwo(async (_early, late) => {
      const last = await lastId();
      const others = [await record(late, '0 s', 'acme'), await record(late, '0 s', 'acme')];
      expect(await log.page(last, 100)).toEqual({ rows: [], after: others[1], more: false });
      const own = await record(late);
      expect(await idsAfter(last)).toEqual([own]);
      expect(await log.page(last, 2)).toEqual({ rows: [], after: others[1], more: true });
    }));

  test('answers readers at the same place by one query, page by page', () =>
    withTwo(async (_early, late) => {
      const last = await lastId();
      const ids = [await record(late), await record(late), await record(late)];
      const [one, two] = await Promise.all([log.page(last, 2), log.page(last, 2)]);
      expect(one).toBe(two);
      expect(one).toMatchObject({ after: ids[1], more: true });
      expect(await log.page(ids[1]!, 2)).toMatchObject({ after: ids[2], more: false });
    }));
});
