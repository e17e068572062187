import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { useTestDatabase } from '#libs/testing';
import { openDatabase, type Database } from '../database.js';
import { engineQueries } from '../engine-queries.js';
import { storeChain, type TaskColumns } from './waits-for-tests.js';

const DUE = { status: `'RETRYING'`, next_attempt_at: 'now()' };
const HELD = { status: `'READY'`, hold: `'MAX_PARALLEL'` };
const parent = (columns: TaskColumns): TaskColumns => ({ ...columns, successors: `'{11}'` });

describe('chains that break an invariant', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = await openDatabase(database.url)));
  const sql = <Row>(text: string): Promise<Row[]> => db.query<Row>({ name: '', text });
  beforeEach(() => sql('TRUNCATE task_chains, task_requests CASCADE'));
  const broken = async (): Promise<unknown> => (await engineQueries.openBroken(db, 0, 9)).broken;

  describe('of a sound chain with tasks in every state', () => {
    beforeEach(() =>
      storeChain(
        db,
        'c',
        {
          succeeded: parent({ status: `'SUCCESS'` }),
          tolerated: parent({ status: `'FAILURE'`, tolerable: 'true' }),
          failed: parent({ status: `'FAILURE'` }),
          cancelled: parent({ status: `'CANCELLED'` }),
          upstream: parent({ status: `'SKIPPED'`, skip_reason: `'UPSTREAM_FAILED'` }),
          skipped: parent({ status: `'SKIPPED'`, skip_reason: `'CONDITION_NOT_MET'` }),
          ready: parent({ status: `'READY'` }),
          held: parent(HELD),
          queued: parent({ status: `'QUEUED'` }),
          running: parent({ status: `'RUNNING'` }),
          due: parent(DUE),
          child: {
            ...{ pending_dependencies: '5', succeeded_dependencies: '2' },
            ...{ failed_dependencies: '3', skipped_dependencies: '1' },
          },
        },
        {
          columns: {
            ...{ completed_tasks: '1', failed_tasks: '2', skipped_tasks: '2', cancelled_tasks: '1' },
            ...{ tolerated_tasks: '1', admitted_tasks: '3' },
          },
        },
      ),
    );

    test('are none', async () => {
      expect(await broken()).toEqual([]);
    });

    for (const column of ['completed', 'failed', 'skipped', 'cancelled', 'tolerated', 'admitted'])
      test(`are counters that differ from a recount: ${column}`, async () => {
        await sql(`UPDATE task_chains SET ${column}_tasks = ${column}_tasks + 1`);
        expect(await broken()).toEqual([{ chain_id: 'c', kind: 'invariant-counters' }]);
      });

    for (const column of ['pending', 'succeeded', 'failed', 'skipped'])
      test(`are counts of a task that differ from its parents: ${column}`, async () => {
        await sql(`UPDATE chain_tasks SET ${column}_dependencies = ${column}_dependencies + 1 WHERE task_id = 'child'`);
        expect(await broken()).toEqual([{ chain_id: 'c', kind: 'invariant-parents' }]);
      });

    test('are counts of tasks that still wait alone', async () => {
      await sql(`UPDATE chain_tasks SET pending_dependencies = 9 WHERE task_id = 'failed'`);
      expect(await broken()).toEqual([]);
    });

    test('are rows that are missing', async () => {
      await sql(`UPDATE task_chains SET total_tasks = total_tasks + 1`);
      expect(await broken()).toEqual([{ chain_id: 'c', kind: 'invariant-tasks' }]);
    });
  });

  test('are those that run and that nothing will move, not those that pause or wait for a retry', async () => {
    const forNobody = { status: `'RETRYING'`, hold: `'RETRIES_EXHAUSTED'` };
    await storeChain(db, 'stuck', { held: HELD, exhausted: forNobody });
    await storeChain(db, 'paused', { held: HELD }, { columns: { status: `'PAUSED'` } });
    await storeChain(db, 'waits', { held: HELD, due: DUE });
    await storeChain(db, 'ended', { held: HELD }, { columns: { status: `'SUCCESS'` } });
    expect(await broken()).toEqual([{ chain_id: 'stuck', kind: 'invariant-stuck' }]);
  });

  test('are looked for a page at a time, in the order of their rows', async () => {
    for (const chain of ['one', 'two', 'three']) await storeChain(db, chain, { held: HELD });
    const found = (chain: string): object => ({ chain_id: chain, kind: 'invariant-stuck' });
    const first = await engineQueries.openBroken(db, 0, 1);
    expect(first.broken).toEqual([found('one')]);
    const rest = await engineQueries.openBroken(db, first.lastId!, 9);
    expect(rest.broken).toEqual([found('two'), found('three')]);
    expect(await engineQueries.openBroken(db, rest.lastId!, 9)).toEqual({ lastId: null, broken: [] });
  });

  test('are those that ended with tasks that a dispatcher or a worker has, so many of each', async () => {
    const grouped = { status: `'READY'`, concurrency_key: `'k'`, concurrency_limit: '1' };
    const kinds: Record<string, TaskColumns> = {
      queued: { status: `'QUEUED'` },
      ready: { status: `'READY'` },
      grouped,
      due: DUE,
      held: HELD,
      held_group: { ...grouped, hold: `'MAX_PARALLEL'` },
      pending: {},
      done: { status: `'SUCCESS'` },
    };
    for (const [kind, columns] of Object.entries(kinds)) {
      await storeChain(db, `open-${kind}`, { one: columns }, { tenant: 'z' });
      for (const n of [1, 2])
        await storeChain(db, `${kind}-${n}`, { one: columns }, { columns: { status: `'FAILURE'` } });
    }
    const ended = async (looked: number): Promise<string[]> =>
      (await engineQueries.endedBroken(db, looked)).map(({ chain_id: id }) => id).sort();
    expect(await ended(99)).toEqual(
      ['due', 'grouped', 'queued', 'ready'].flatMap((kind) => [`${kind}-1`, `${kind}-2`]),
    );
    await sql(`DELETE FROM task_chains WHERE chain_id LIKE 'open-%'`);
    expect((await ended(1)).map((id) => id.split('-')[0])).toEqual(['due', 'grouped', 'queued', 'ready']);
  });
});

describe('a queue that lost its jobs', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = await openDatabase(database.url)));
  const sql = <Row>(text: string): Promise<Row[]> => db.query<Row>({ name: '', text });

  test('raises the attempts of what has not ended, in open chains, a page at a time', async () => {
    const tasks = {
      sent: { status: `'QUEUED'`, attempt: '1', job_id: `'old'` },
      due: DUE,
      done: { status: `'SUCCESS'`, attempt: '1' },
    };
    for (const chain of ['one', 'two']) await storeChain(db, chain, tasks);
    await storeChain(db, 'ended', tasks, { columns: { status: `'FAILURE'` } });
    const first = await engineQueries.raiseAttempts(db, 0, 1, 10);
    const attempts = (): Promise<object[]> =>
      sql(
        `SELECT task_request_id AS id, attempt, job_id, changed_version AS v FROM chain_tasks WHERE attempt > 1 OR job_id <> 'old' ORDER BY task_request_id`,
      );
    const raised = (chain: string): object[] => [
      { id: `${chain}-due`, attempt: 10, job_id: null, v: 2 },
      { id: `${chain}-sent`, attempt: 11, job_id: `${chain}-sent.11`, v: 2 },
    ];
    expect(await attempts()).toEqual(raised('one'));
    const second = await engineQueries.raiseAttempts(db, first!, 9, 10);
    expect(await attempts()).toEqual([...raised('one'), ...raised('two')]);
    expect(await sql('SELECT chain_id, version FROM task_chains ORDER BY 1')).toEqual([
      { chain_id: 'ended', version: 1 },
      { chain_id: 'one', version: 2 },
      { chain_id: 'two', version: 2 },
    ]);
    expect(await engineQueries.raiseAttempts(db, second!, 9, 10)).toBe(null);
  });

  test('a chain that a transaction locks is saved by no other until it ends', async () => {
    await storeChain(db, 'locked', {});
    const text = (chain: string): string =>
      `SELECT FROM task_chains WHERE chain_id = '${chain}' FOR NO KEY UPDATE NOWAIT`;
    await db.transaction(async (tx) => {
      await engineQueries.lockChain(tx, 'locked');
      await expect(sql(text('locked'))).rejects.toThrow('could not obtain lock');
      expect(await sql(text('one'))).toHaveLength(1);
    });
    expect(await sql(text('locked'))).toHaveLength(1);
  });
});
