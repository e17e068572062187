import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { useTestDatabase } from '#libs/testing';
import { openDatabase, type Database } from '../database.js';
import { saveDecisions } from './save-decisions.js';
import { storeChain, type TaskColumns } from './waits-for-tests.js';

const AGO = `now() - interval '1 h'`;
const AHEAD = `now() + interval '1 h'`;
const CHAIN = {
  version: 1,
  changed: true,
  status: 'RUNNING',
  epoch: 1,
  completed: 0,
  failed: 0,
  skipped: 0,
  cancelled: 0,
  tolerated: 0,
  admitted: 0,
  open: true,
};
const TASK = { priority: 5, attempt: 1, failures: 0, losses: 0, pending: 0, succeeded: 0, failed: 0, skipped: 0 };
type Row = Readonly<Record<string, unknown>>;

describe('save-decisions', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = await openDatabase(database.url)));
  const sql = <R = Row>(text: string): Promise<R[]> => db.query<R>({ name: '', text });
  beforeEach(() => sql('TRUNCATE task_chains, task_requests, outbox CASCADE'));

  /** Saves -> the chains that were stored. A task is given by `<chain>-<name>`. */
  async function save(chains: Row[], tasks: Record<string, Row> = {}, ...others: Row[][]): Promise<string[]> {
    const ids = new Map(
      (await sql<{ id: number; name: string }>('SELECT id, task_request_id AS name FROM chain_tasks')).map(
        ({ id, name }) => [name, id],
      ),
    );
    const records = Object.entries(tasks).map(([name, task]) => ({
      ...{ ...TASK, id: ids.get(name), chain_id: name.split('-')[0], version: 1 },
      ...task,
    }));
    const values = [chains.map((chain) => ({ ...CHAIN, ...chain })), records, ...others];
    const filled = Array.from({ length: 6 }, (_, i) => JSON.stringify(values[i] ?? []));
    const stored = await db.query<{ chain_id: string }>(saveDecisions, [...filled, 60_000, 600_000]);
    return stored.map(({ chain_id: id }) => id).sort();
  }
  /** What is true of a task. */
  async function facts(name: string, ...conditions: string[]): Promise<unknown[]> {
    const [row] = await sql<object>(
      `SELECT ${conditions.map((condition, i) => `${condition} AS c${i}`).join(', ')} FROM chain_tasks WHERE task_request_id = '${name}'`,
    );
    return Object.values(row!);
  }
  const now = (column: string): string => `${column} BETWEEN now() - interval '9 s' AND now() + interval '1 s'`;

  test('stores nothing of a chain that has changed since, and all of the others', async () => {
    for (const chain of ['a', 'b']) await storeChain(db, chain, { one: { status: `'RUNNING'` }, two: {} });
    const of = (row: Row): Row[] => ['a', 'b'].map((chain) => ({ chain_id: chain, tenant_id: 'default', ...row }));
    const ids = await sql<{ id: number; chain_id: string }>(
      `SELECT id, chain_id FROM chain_tasks WHERE task_id = 'one'`,
    );
    const attempts = ids.map((row) => ({ ...row, attempt: 1, outcome: 'SUCCESS' }));
    const ended = { status: 'SUCCESS', ended: true, run_id: 'r' };
    const stored = await save(
      [
        { chain_id: 'a', completed: 1 },
        { chain_id: 'b', version: 7, completed: 1 },
      ],
      { 'a-one': ended, 'b-one': ended },
      of({ version: 1, task_id: 'one', kind: 'TaskSucceeded', disposition: 'ACCEPTED' }),
      attempts,
      of({ task_id: 'one', name: 'file', media_type: 'text/csv', size_bytes: 1, sha256: 'x'.repeat(64) }),
      of({ kind: 'STOP', payload: {} }),
    );
    expect(stored).toEqual(['a']);
    expect(await sql('SELECT chain_id, version, completed_tasks AS completed FROM task_chains ORDER BY 1')).toEqual([
      { chain_id: 'a', version: 2, completed: 1 },
      { chain_id: 'b', version: 1, completed: 0 },
    ]);
    expect(await sql('SELECT task_request_id AS id, status FROM chain_tasks ORDER BY 1')).toEqual([
      { id: 'a-one', status: 'SUCCESS' },
      { id: 'a-two', status: 'PENDING' },
      { id: 'b-one', status: 'RUNNING' },
      { id: 'b-two', status: 'PENDING' },
    ]);
    expect(await sql('SELECT chain_id, kind, chain_version FROM chain_events')).toEqual([
      { chain_id: 'a', kind: 'TaskSucceeded', chain_version: 2 },
    ]);
    expect(await sql('SELECT task_request_id AS id, attempt, outcome FROM task_attempts')).toEqual([
      { id: 'a-one', attempt: 1, outcome: 'SUCCESS' },
    ]);
    expect(await sql('SELECT chain_id, name FROM artifacts')).toEqual([{ chain_id: 'a', name: 'file' }]);
    expect(await sql('SELECT kind FROM outbox')).toHaveLength(1);
  });

  test('stores what hangs on a chain that did not change, on the version that was read alone', async () => {
    for (const chain of ['a', 'b']) await storeChain(db, chain, {});
    const event = { tenant_id: 'default', version: 1, kind: 'TaskProgressed', disposition: 'STALE' };
    const events = ['a', 'b'].map((chain) => ({ ...event, chain_id: chain }));
    const same = { changed: false, version: 1 };
    expect(
      await save(
        [
          { ...same, chain_id: 'a' },
          { ...same, chain_id: 'b', version: 2 },
        ],
        {},
        events,
      ),
    ).toEqual(['a']);
    expect(await sql('SELECT chain_id, version FROM task_chains ORDER BY 1')).toEqual([
      { chain_id: 'a', version: 1 },
      { chain_id: 'b', version: 1 },
    ]);
    expect(await sql('SELECT chain_id FROM chain_events')).toEqual([{ chain_id: 'a' }]);
  });

  test('holds a chain back whose lost task has renewed its lease', async () => {
    const running = (lease: string): Record<string, TaskColumns> => ({
      one: { status: `'RUNNING'`, lease_until: lease },
    });
    await storeChain(db, 'dead', running(AGO));
    await storeChain(db, 'alive', running(AHEAD));
    await storeChain(db, 'ended', running(AHEAD));
    const lost = { status: 'READY', lost: true };
    const tasks = { 'dead-one': lost, 'alive-one': lost, 'ended-one': { status: 'SUCCESS', ended: true } };
    const chains = ['alive', 'dead', 'ended'].map((chain) => ({ chain_id: chain }));
    expect(await save(chains, tasks)).toEqual(['dead', 'ended']);
    expect(await facts('alive-one', 'status', 'lease_until > now()')).toEqual(['RUNNING', true]);
  });

  test('notes when a chain started and ended, and lets its place in a group go', async () => {
    const held = { concurrency_key: `'k'`, concurrency_limit: '1', concurrency_held: 'true' };
    const done = { started_at: AGO, completed_at: AGO, execution_id: `'execution-old'` };
    for (const [chain, columns] of Object.entries({
      starts: held,
      ends: { ...held, ...done },
      opens: done,
      stays: done,
    }))
      await storeChain(db, `chain-${chain}`, {}, { columns });
    await save([
      { chain_id: 'chain-ends', status: 'SUCCESS', ended: true, open: false },
      { chain_id: 'chain-opens' },
      { chain_id: 'chain-starts', started: true },
      { chain_id: 'chain-stays', status: 'FAILURE', open: false },
    ]);
    const rows =
      await sql(`SELECT chain_id, ${now('started_at')} AS started, ${now('completed_at')} AS completed, execution_id,
                                   concurrency_held AS held FROM task_chains ORDER BY chain_id`);
    const old = { started: false, execution_id: 'execution-old', held: false };
    expect(rows).toEqual([
      { ...old, chain_id: 'chain-ends', completed: true },
      { ...old, chain_id: 'chain-opens', completed: null },
      { chain_id: 'chain-starts', started: true, completed: null, execution_id: 'execution-starts', held: true },
      { ...old, chain_id: 'chain-stays', completed: false },
    ]);
  });

  test('counts the wait for a worker from when a task became ready, or was let go', async () => {
    const waits = { ready_at: AGO };
    const held = { ...waits, status: `'READY'`, hold: `'MAX_PARALLEL'` };
    await storeChain(db, 'c', {
      ripens: waits,
      stays: { ...waits, status: `'READY'` },
      let_go: held,
      kept: held,
      sent: { ...waits, status: `'READY'` },
      sent_at_once: waits,
      ends: { ...waits, status: `'RUNNING'` },
    });
    const queued = { status: 'QUEUED', dispatched: true };
    await save([{ chain_id: 'c' }], {
      'c-ripens': { status: 'READY' },
      'c-stays': { status: 'READY' },
      'c-let_go': { status: 'READY' },
      'c-kept': { status: 'READY', hold: 'MAX_PARALLEL' },
      'c-sent': queued,
      'c-sent_at_once': queued,
      'c-ends': { status: 'SUCCESS', ended: true },
    });
    const anew = await sql<{ task_id: string }>(`SELECT task_id FROM chain_tasks WHERE ${now('ready_at')} ORDER BY id`);
    expect(anew.map(({ task_id: id }) => id)).toEqual(['ripens', 'let_go', 'sent_at_once']);
  });

  test('gives a task that is sent its lease and a fresh start', async () => {
    const before = { worker_id: `'old'`, progress: '0.5', progress_stage: `'half'`, started_at: AGO, queued_at: AGO };
    await storeChain(db, 'c', {
      one: { ...before, status: `'READY'` },
      other: { ...before, status: `'RUNNING'`, run_until: AHEAD },
    });
    await save([{ chain_id: 'c' }], {
      'c-one': { status: 'QUEUED', dispatched: true, job_id: 'job-1' },
      'c-other': { status: 'RUNNING', priority: 9 },
    });
    const until = (ms: number): string =>
      `lease_until BETWEEN now() + interval '${ms - 9} s' AND now() + interval '${ms + 1} s'`;
    const columns = [
      'worker_id',
      'progress',
      'progress_stage',
      'started_at IS NULL',
      now('queued_at'),
      'job_id',
      'run_until IS NULL',
    ];
    expect(await facts('c-one', until(60), ...columns)).toEqual([true, null, 0, null, true, true, 'job-1', true]);
    expect(await facts('c-other', until(600), ...columns)).toEqual([
      true,
      'old',
      0.5,
      'half',
      false,
      false,
      null,
      false,
    ]);
  });

  test('counts a run from when it began, and keeps its result with its success', async () => {
    const running = { status: `'RUNNING'`, timeout_seconds: '100', queued_at: AGO, result: `'{"a": 1}'` };
    await storeChain(db, 'c', {
      starts: { ...running, status: `'QUEUED'` },
      succeeds: running,
      fails: running,
      again: running,
    });
    await save([{ chain_id: 'c' }], {
      'c-starts': { status: 'RUNNING', run_id: 'r', worker_id: 'w', elapsed_ms: 30_000 },
      'c-succeeds': { status: 'SUCCESS', ended: true, result: { b: 2 }, elapsed_ms: 30_000 },
      'c-fails': { status: 'FAILURE', ended: true, result: { b: 2 }, party_results: { alice: {} } },
      'c-again': { status: 'PENDING' },
    });
    const run = [
      `started_at BETWEEN now() - interval '39 s' AND now() - interval '29 s'`,
      `run_until BETWEEN now() + interval '60 s' AND now() + interval '71 s'`,
      'worker_id',
      now('completed_at'),
      'progress',
      'result',
    ];
    expect(await facts('c-starts', ...run)).toEqual([true, true, 'w', null, 0, null]);
    expect(await facts('c-succeeds', ...run)).toEqual([true, null, null, true, 1, { b: 2 }]);
    expect(await facts('c-fails', ...run, 'party_results')).toEqual([null, null, null, true, 0, null, null]);
    expect(await facts('c-again', ...run)).toEqual([null, null, null, null, 0, null]);
  });

  test('keeps an attempt’s first end, and an artifact’s last', async () => {
    await storeChain(db, 'c', { one: { status: `'RUNNING'`, worker_id: `'w'`, queued_at: AGO, started_at: AGO } });
    const [{ id }] = (await sql<{ id: number }>('SELECT id FROM chain_tasks')) as [{ id: number }];
    const attempt = (outcome: string, elapsed?: number): Row[] => [
      { id, chain_id: 'c', attempt: 1, outcome, elapsed_ms: elapsed },
    ];
    const artifact = (size: number): Row[] => [
      {
        chain_id: 'c',
        tenant_id: 'default',
        task_id: 'one',
        name: 'file',
        media_type: 'm',
        size_bytes: size,
        sha256: String(size).repeat(64),
      },
    ];
    await save([{ chain_id: 'c' }], {}, [], attempt('LOST'), artifact(1));
    await save([{ chain_id: 'c', version: 2 }], {}, [], attempt('SUCCESS', 5), artifact(2));
    expect(await sql(`SELECT outcome, worker_id, ${now('started_at')} AS anew FROM task_attempts`)).toEqual([
      { outcome: 'LOST', worker_id: 'w', anew: false },
    ]);
    expect(await sql('SELECT size_bytes, left(sha256, 2) AS sha FROM artifacts')).toEqual([
      { size_bytes: 2, sha: '22' },
    ]);
    await sql('TRUNCATE task_attempts');
    await save([{ chain_id: 'c', version: 3 }], {}, [], attempt('FAILURE', 2_000));
    expect(await sql(`SELECT outcome, ${now('started_at')} AS anew FROM task_attempts`)).toEqual([
      { outcome: 'FAILURE', anew: true },
    ]);
  });
});
