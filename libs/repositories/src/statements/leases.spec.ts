import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { useTestDatabase } from '#libs/testing';
import { openDatabase, type Database } from '../database.js';
import { engineQueries } from '../engine-queries.js';
import { readWorkers } from '../reads/read-workers.js';
import { storeChain } from './waits-for-tests.js';

const AGO = `now() - interval '30 s'`;
const AHEAD = `now() + interval '30 s'`;
const LEASE_MS = 600_000;
const QUEUED = { status: `'QUEUED'`, attempt: '1', lease_until: AHEAD };
const RUNNING = { status: `'RUNNING'`, attempt: '2', run_id: `'run-a'`, lease_until: AHEAD };

describe('leases', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = await openDatabase(database.url)));
  const sql = <Row>(text: string): Promise<Row[]> => db.query<Row>({ name: '', text });
  beforeEach(async () => {
    await sql('TRUNCATE task_chains, task_requests, workers CASCADE');
    await sql(`DELETE FROM tenants WHERE tenant_id <> 'default'`);
  });
  const ids = (rows: readonly { task_request_id: string }[]): string[] =>
    rows.map(({ task_request_id: id }) => id).sort();
  /** The tasks whose lease is a new one. */
  const renewed = async (): Promise<string[]> =>
    ids(await sql(`SELECT task_request_id FROM chain_tasks WHERE lease_until > now() + interval '9 min'`));
  const renew = (names: string[], attempts: number[], runs?: (string | null)[]): Promise<string[]> =>
    engineQueries.renewLeases(db, names, attempts, LEASE_MS, runs).then(ids);

  describe('of runs', () => {
    beforeEach(() =>
      storeChain(db, 'c', {
        queued: QUEUED,
        running: RUNNING,
        other: RUNNING,
        done: { status: `'SUCCESS'`, attempt: '1' },
      }),
    );

    test('are renewed for those that still count, and for no others', async () => {
      expect(await renew(['c-queued', 'c-running'], [1, 2], ['run-q', 'run-a'])).toEqual(['c-queued', 'c-running']);
      expect(await renewed()).toEqual(['c-queued', 'c-running']);
    });

    test('are renewed for any run where none is named', async () => {
      expect(await renew(['c-running'], [2])).toEqual(['c-running']);
      expect(await renewed()).toEqual(['c-running']);
    });

    for (const [what, name, attempt, run] of [
      ['an earlier attempt', 'c-running', 1, 'run-a'],
      ['a second run of the attempt', 'c-running', 2, 'run-b'],
      ['a task that has ended', 'c-done', 1, null],
      ['a task that is not there', 'c-none', 1, null],
    ] as const) {
      test(`are not renewed for ${what}, which is to stop`, async () => {
        expect(await renew([name], [attempt], [run])).toEqual([]);
        expect(await renewed()).toEqual([]);
      });
    }

    test('wait for no task that is being saved: it counts, and the next heartbeat renews it', async () => {
      await db.transaction(async (tx) => {
        await tx.query({ name: '', text: `SELECT FROM chain_tasks WHERE task_request_id = 'c-running' FOR UPDATE` });
        expect(await renew(['c-running', 'c-other'], [2, 2])).toEqual(['c-other', 'c-running']);
      });
      expect(await renewed()).toEqual(['c-other']);
    });
  });

  test('that have run out are found of tasks in flight, so many at once', async () => {
    await storeChain(db, 'c', {
      queued: { ...QUEUED, lease_until: AGO },
      running: { ...RUNNING, lease_until: AGO },
      alive: RUNNING,
      ready: { status: `'READY'` },
    });
    expect(ids(await engineQueries.expiredLeases(db, 9))).toEqual(['c-queued', 'c-running']);
    expect(await engineQueries.expiredLeases(db, 1)).toHaveLength(1);
  });

  test('are sent again in the order of their rows, a page at a time', async () => {
    await storeChain(db, 'c', { first: QUEUED, running: RUNNING, second: QUEUED, third: QUEUED });
    const all = await engineQueries.queuedTasks(db, 0, 9);
    expect(all).toHaveLength(3);
    expect(await engineQueries.queuedTasks(db, 0, 1)).toEqual(all.slice(0, 1));
    expect(await engineQueries.queuedTasks(db, all[0]!.id, 9)).toEqual(all.slice(1));
  });
});

describe('what is overdue', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = await openDatabase(database.url)));
  const ids = (rows: readonly { task_request_id: string }[]): string[] =>
    rows.map(({ task_request_id: id }) => id).sort();

  test('is a run longer than its time-out and the grace, by what it has run before a pause or since it started', async () => {
    const run = { ...RUNNING, timeout_seconds: '5' };
    await storeChain(db, 'runs', {
      paused: { ...run, run_until: AGO, started_at: AHEAD },
      started: { ...run, started_at: `now() - interval '35 s'` },
      within: { ...run, run_until: `now() - interval '9 s'` },
      unlimited: { ...RUNNING, run_until: AGO },
      ahead: { ...run, run_until: AHEAD, started_at: AGO },
      queued: { ...QUEUED, timeout_seconds: '5', run_until: AGO },
    });
    expect(ids(await engineQueries.overdueTasks(db, 20_000))).toEqual(['runs-paused', 'runs-started']);
  });

  test('is a task that waits longer for a worker than its queue time-out, and is not held', async () => {
    const wait = { queue_timeout_seconds: '5', ready_at: AGO };
    await storeChain(db, 'waits', {
      ready: { ...wait, status: `'READY'` },
      queued: { ...wait, ...QUEUED },
      held: { ...wait, status: `'READY'`, hold: `'MAX_PARALLEL'` },
      running: { ...wait, ...RUNNING },
      patient: { ...wait, status: `'READY'`, queue_timeout_seconds: '60' },
      unlimited: { status: `'READY'`, ready_at: AGO },
    });
    expect(ids(await engineQueries.overdueInQueue(db))).toEqual(['waits-queued', 'waits-ready']);
  });

  test('is an approval beyond its time', async () => {
    const asked = { status: `'RETRYING'`, hold: `'APPROVAL'`, next_attempt_at: AGO };
    await storeChain(db, 'asked', {
      one: asked,
      two: asked,
      ahead: { ...asked, next_attempt_at: AHEAD },
      backoff: { ...asked, hold: 'NULL' },
    });
    expect(ids(await engineQueries.overdueApprovals(db))).toEqual(['asked-one', 'asked-two']);
  });

  test('is a running chain past its deadline', async () => {
    const past = { deadline_at: AGO };
    await storeChain(db, 'late-1', {}, { columns: past });
    await storeChain(db, 'late-2', {}, { columns: past });
    await storeChain(db, 'paused', {}, { columns: { ...past, status: `'PAUSED'` } });
    await storeChain(db, 'ahead', {}, { columns: { deadline_at: AHEAD } });
    expect((await engineQueries.overdueChains(db)).sort()).toEqual(['late-1', 'late-2']);
  });
});

describe('capacity', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = await openDatabase(database.url)));
  const sql = <Row>(text: string): Promise<Row[]> => db.query<Row>({ name: '', text });

  test('is the slots of the workers that were seen, with what is in flight and who waits', async () => {
    await engineQueries.saveWorker(db, 'one', { psi: 9 }, 0);
    await engineQueries.saveWorker(db, 'one', { psi: 2, union: 1 }, 1);
    await engineQueries.saveWorker(db, 'two', { psi: 3 }, 0);
    await engineQueries.saveWorker(db, 'gone', { psi: 5, encrypt: 1 }, 0);
    await sql(`UPDATE workers SET last_seen = now() - interval '55 s' WHERE worker_id = 'two'`);
    await sql(`UPDATE workers SET last_seen = now() - interval '70 s' WHERE worker_id = 'gone'`);
    await storeChain(db, 'c', {
      queued: QUEUED,
      running: RUNNING,
      ready: { status: `'READY'` },
      held: { status: `'READY'`, hold: `'MAX_PARALLEL'`, task_type: `'union'` },
      grouped: { status: `'READY'`, concurrency_key: `'k'`, concurrency_limit: '1', task_type: `'union'` },
    });
    const capacity = async (seenWithinMs: number): Promise<unknown> =>
      (await engineQueries.loadCapacity(db, seenWithinMs)).sort((a, b) => a.task_type.localeCompare(b.task_type));
    const psi = { task_type: 'psi', in_flight: 2, tenants: ['default'], shared: false };
    const union = { task_type: 'union', slots: 1, in_flight: 0, tenants: [], shared: false };
    expect(await capacity(10_000)).toEqual([{ ...psi, slots: 2 }, union]);
    expect(await capacity(60_000)).toEqual([{ ...psi, slots: 5 }, union]);

    await sql(`INSERT INTO tenants (tenant_id, name) VALUES ('acme', 'acme'), ('beta', 'beta')`);
    await storeChain(db, 'a', { one: { status: `'READY'` }, two: { status: `'READY'` } }, { tenant: 'acme' });
    await storeChain(db, 'b', { one: { status: `'READY'`, task_type: `'union'` } }, { tenant: 'beta' });
    expect(await capacity(10_000)).toEqual([
      { ...psi, slots: 2, tenants: ['acme', 'default'], shared: true },
      { ...union, tenants: ['beta'], shared: true },
    ]);

    const workers = (await readWorkers(db)).map(({ silent_seconds: seconds, ...row }) => ({
      ...row,
      silent: Math.floor(seconds / 5) * 5,
    }));
    const started_at = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(workers).toEqual([
      { worker_id: 'one', started_at, silent: 0, alive: true, running: 1, slots: { psi: 2, union: 1 } },
      { worker_id: 'gone', started_at, silent: 70, alive: false, running: 0, slots: { psi: 5, encrypt: 1 } },
      { worker_id: 'two', started_at, silent: 55, alive: false, running: 0, slots: { psi: 3 } },
    ]);

    await engineQueries.forgetWorkers(db);
    expect(await sql('SELECT worker_id FROM workers ORDER BY worker_id')).toEqual([
      { worker_id: 'one' },
      { worker_id: 'two' },
    ]);
  });
});
