import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SteppedClock, useTestDatabase } from '#libs/testing';
import { openDatabase, type Database } from '../database.js';
import { DutyRepository } from '../duty.repository.js';
import { engineQueries } from '../engine-queries.js';
import { readChains } from '../reads/read-chains.js';
import { WebhookRepository } from '../webhook.repository.js';
import { COUNTED_NOW } from './clock.js';

const SECOND = 1_000;
const HOUR = 3_600_000;
/** How long everything below waits. */
const WAIT = `${COUNTED_NOW} + interval '60 s'`;
const duties = new DutyRepository();
const webhooks = new WebhookRepository();

describe('what waits', () => {
  let db: Database;
  let postgres: SteppedClock;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => {
    postgres = await SteppedClock.in(database.url);
    db = (await openDatabase(database.url, { max: 2 })).forTenant('default');
  });
  const sql = <Row>(text: string): Promise<Row[]> => db.query<Row>({ name: '', text });

  beforeEach(async () => {
    await sql('TRUNCATE task_chains, task_requests, outbox, webhooks, webhook_deliveries, workers, duties CASCADE');
    await sql(`UPDATE clock SET seen_at = clock_timestamp(), lag = '0'`);
    await sql(`INSERT INTO task_chains (chain_id, chain_name, chain_type, chain_config, status, total_tasks, timeout_seconds, created_at, started_at, deadline_at)
      VALUES ('c', 'c', 'parallel', '{}', 'RUNNING', 4, 60, now(), now(), ${WAIT})`);
    await sql(`INSERT INTO task_requests (task_request_id, task_type, task_name, params)
      SELECT 'r' || n, 'psi', 't', '{}' FROM generate_series(0, 3) AS n`);
    await sql(`INSERT INTO chain_tasks (chain_id, task_id, task_request_id, task_name, task_type, execution_mode, depends_on,
        execution_order, level, pending_dependencies, predecessors, successors, referenced, status, hold, timeout_seconds, queue_timeout_seconds,
        started_at, ready_at, lease_until, run_until, next_attempt_at)
      SELECT 'c', 't' || n, 'r' || n, 't', 'psi', 'parallel', '[]', n, 0, 0, '{}', '{}', '{}', status, hold, 60, 60,
             CASE status WHEN 'RUNNING' THEN now() END, CASE status WHEN 'READY' THEN ${COUNTED_NOW} END,
             CASE status WHEN 'RUNNING' THEN ${WAIT} END, CASE status WHEN 'RUNNING' THEN ${WAIT} END, CASE status WHEN 'RETRYING' THEN ${WAIT} END
        FROM (VALUES (0, 'READY', NULL), (1, 'RUNNING', NULL), (2, 'RETRYING', NULL), (3, 'RETRYING', 'APPROVAL')) AS v(n, status, hold)`);
    await sql(`INSERT INTO outbox (kind, payload) VALUES ('STOP', '{}')`);
    expect(await engineQueries.takeOutbox(db, 'STOP', 1, 60 * SECOND)).toHaveLength(1);
    await sql(`INSERT INTO webhooks (webhook_id, url, secret, events) VALUES ('w', 'https://example.org', 's', '{}')`);
    await sql(`INSERT INTO outbox (kind, payload) VALUES ('NOTICE', '{"type": "chain.success"}')`);
    await webhooks.spread(db, 1);
    expect(await webhooks.take(db, 1, 60 * SECOND)).toHaveLength(1);
    await engineQueries.saveWorker(db, 'w', { psi: 3 }, 0);
    await duties.hold(db, 'd', 'one', 60 * SECOND);
  });

  /** What is over by now, and what was not reported for a minute. */
  async function over(): Promise<string[]> {
    const found: Record<string, boolean> = {
      lease: (await engineQueries.expiredLeases(db, 9)).length > 0,
      run: (await engineQueries.overdueTasks(db, 0)).length > 0,
      queue: (await engineQueries.overdueInQueue(db)).length > 0,
      backoff: (await engineQueries.nextDue(db))! <= 0,
      approval: (await engineQueries.overdueApprovals(db)).length > 0,
      deadline: (await engineQueries.overdueChains(db)).length > 0,
      outbox: (await engineQueries.takeOutbox(db, 'STOP', 1, 60 * SECOND)).length > 0,
      delivery: (await webhooks.take(db, 1, 60 * SECOND)).length > 0,
      duty: await duties.hold(db, 'd', 'other', 60 * SECOND),
      worker: (await engineQueries.loadCapacity(db, 60 * SECOND)).length === 0,
    };
    return Object.keys(found).filter((name) => found[name]);
  }
  const EVERYTHING = 'lease run queue backoff approval deadline outbox delivery duty worker'.split(' ');

  /** A listener counts that PostgreSQL's clock stepped by this much. */
  async function count(stepMs: number): Promise<void> {
    const { seen, wall, lag_ms } = await engineQueries.readClock(db);
    expect(await engineQueries.saveClock(db, seen, wall, lag_ms + stepMs)).toBe(true);
  }
  async function pass(seconds: number): Promise<void> {
    await postgres.step(seconds * SECOND);
    await count(0);
  }
  const counted = async (): Promise<number> =>
    (await sql<{ ms: number }>(`SELECT extract(epoch FROM ${COUNTED_NOW})::float8 * 1000 AS ms`))[0]!.ms;

  for (const [name, stepMs] of [
    ['no step', 0],
    ['a step of -1 h', -HOUR],
    ['a step of +2 h', 2 * HOUR],
  ] as const) {
    test(`is over after its time, and not before, with ${name}`, async () => {
      await pass(20);
      await postgres.step(stepMs);
      expect(await over()).toEqual([]);
      await count(stepMs);
      expect(await over()).toEqual([]);
      await pass(30);
      expect(await over()).toEqual([]);
      await pass(15);
      expect(await over()).toEqual(EVERYTHING);
    });

    test(`is shown by PostgreSQL's clock, with ${name}`, async () => {
      await postgres.step(stepMs);
      await count(stepMs);
      const until = (await sql<{ at: string }>(`SELECT clock_timestamp() + interval '60 s' AS at`))[0]!.at;
      const near = (shown: string | null): number =>
        Math.round(Math.abs(Date.parse(shown!) - Date.parse(until)) / 5_000);
      const { chain, tasks } = (await readChains.withTasks(db, 'c'))!;
      const [delivery] = await webhooks.deliveries(db, 'w', 1e9, 1);
      const shown = [
        (JSON.parse(chain.json) as { deadline_at: string }).deadline_at,
        tasks[2]!.waits!.next_attempt_at!,
        tasks[3]!.waits!.next_attempt_at!,
        delivery!.next_attempt_at,
      ];
      expect(shown.map(near)).toEqual([0, 0, 0, 0]);
    });

    test(`does not hold back what is new, with ${name}`, async () => {
      await postgres.step(stepMs);
      await count(stepMs);
      await sql(`INSERT INTO outbox (kind, payload) VALUES ('STOP', '{}')`);
      expect(await engineQueries.takeOutbox(db, 'STOP', 1, 60 * SECOND)).toHaveLength(1);
      expect(await webhooks.replay(db, 'w', (await webhooks.deliveries(db, 'w', 1e9, 1))[0]!.id)).toBeDefined();
      expect(await webhooks.take(db, 1, 60 * SECOND)).toHaveLength(1);
      expect(await engineQueries.useOfTenant(db)).toMatchObject({ creates_last_minute: stepMs === 0 ? 1 : 0 });
      expect((await engineQueries.nextCreate(db, 1)) > 0).toBe(stepMs === 0);
    });
  }

  test('moves by 2 s at most between a step and its count', async () => {
    const before = await counted();
    await postgres.step(2 * HOUR);
    expect(((await counted()) - before) / SECOND).toBeCloseTo(2, 0);
    await postgres.step(-3 * HOUR);
    expect(((await counted()) - before) / SECOND).toBeCloseTo(0, 0);
  });

  test('goes by the clock of PostgreSQL before a listener has counted', async () => {
    await sql('UPDATE clock SET seen_at = NULL');
    const before = await counted();
    await postgres.step(HOUR);
    expect(((await counted()) - before) / HOUR).toBeCloseTo(1, 2);
  });

  test('is counted by one listener of those that read the same row', async () => {
    const { seen, wall } = await engineQueries.readClock(db);
    expect(await engineQueries.saveClock(db, seen, wall, 0)).toBe(true);
    expect(await engineQueries.saveClock(db, seen, wall, 0)).toBe(false);
  });
});
