import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { withConnection } from '#libs/local-postgres';
import { openDatabase, type Database } from '#libs/repositories';
import { sampleNewChain, useTestDatabase } from '#libs/testing';
import { ChainEngine } from '../chain-engine.js';
import { commandChain, createChain } from '../commands/commands.js';
import { makeEngineMetrics } from '../metrics.js';
import { InvariantReconciler } from './invariants.js';

describe('the reconciler of invariants', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = (await openDatabase(database.url, { max: 4 })).forTenant('default')));

  const errors: [object, string][] = [];
  const registry = new Registry();
  const metrics = makeEngineMetrics(registry);
  let reconciler: InvariantReconciler;
  const restart = (): void => {
    const log = {
      info: () => undefined,
      warn: () => undefined,
      error: (...line: [object, string]) => errors.push(line),
    };
    reconciler = new InvariantReconciler(new ChainEngine(db, {} as never, metrics, log));
  };
  beforeEach(async () => {
    await sql('TRUNCATE task_chains, task_requests, repairs, outbox, webhook_deliveries CASCADE');
    errors.length = 0;
    registry.resetMetrics();
    restart();
  });

  const sql = async <Row = Record<string, unknown>>(text: string): Promise<Row[]> =>
    (await withConnection(database.url, (client) => client.query(text))).rows as Row[];
  const chain = async (
    parents: readonly (readonly number[])[],
    options: { stopOnError?: boolean; maxParallel?: number } = {},
  ) => {
    const created = await createChain(db, { ...sampleNewChain(parents), ...options });
    return created.kind === 'created' ? created.chain.chain_id : '';
  };
  /** Puts a task where no event has brought it. */
  const put = (position: number, columns: string) =>
    sql(`UPDATE chain_tasks SET ${columns} WHERE execution_order = ${position}`);
  const RUNNING = `status = 'RUNNING', hold = NULL, attempt = 1, run_id = 'r1', lease_until = now() + interval '1 h'`;
  const FAILED = `status = 'FAILURE', hold = NULL, attempt = 1, error = '{"code":"TASK_ERROR","message":"it broke"}'`;
  const admitted = (count: number) => sql(`UPDATE task_chains SET admitted_tasks = ${count}`);
  const statuses = async () =>
    (await sql<{ status: string }>('SELECT status FROM chain_tasks ORDER BY execution_order')).map((row) => row.status);
  const stored = async () =>
    (
      await sql<Record<string, unknown>>(
        `SELECT status, error, completed_tasks, failed_tasks, skipped_tasks, cancelled_tasks, admitted_tasks FROM task_chains`,
      )
    )[0]!;
  const outbox = async () =>
    await sql<{ kind: string; payload: Record<string, unknown> }>('SELECT kind, payload FROM outbox ORDER BY id');
  const repairs = async () =>
    (await sql<{ kind: string }>('SELECT kind FROM repairs ORDER BY id')).map((row) => row.kind);
  const held = async () => (await metrics.held.get()).values.filter(({ value }) => value > 0);

  it('A: a task that outlives its cancelled chain is stopped at its worker, and its attempt is kept', async () => {
    await chain([[], [0]]);
    await put(0, RUNNING);
    await sql(`UPDATE task_chains SET status = 'CANCELLED'`);
    expect(await reconciler.reconcile()).toBe(1);
    expect(await statuses()).toEqual(['CANCELLED', 'SKIPPED']);
    const [row] = await sql<{ task_request_id: string }>(
      'SELECT task_request_id FROM chain_tasks WHERE execution_order = 0',
    );
    expect(await outbox()).toEqual([
      { kind: 'STOP', payload: { tasks: [{ taskRequestId: row!.task_request_id, attempt: 1 }] } },
    ]);
    const attempts = await sql('SELECT attempt, run_id, outcome FROM task_attempts');
    expect(attempts).toEqual([{ attempt: 1, run_id: 'r1', outcome: 'CANCELLED' }]);
    expect(await repairs()).toEqual(['invariant-live-tasks']);
  });

  it('B: a chain of finished tasks ends with the error of its first failure', async () => {
    await chain([[], []]);
    await put(0, FAILED);
    await put(1, `status = 'SUCCESS'`);
    await sql(`UPDATE task_chains SET failed_tasks = 1, completed_tasks = 1, admitted_tasks = 0`);
    expect(await reconciler.reconcile()).toBe(1);
    expect(await stored()).toMatchObject({
      status: 'FAILURE',
      error: { code: 'TASK_ERROR', details: { task_id: 't0' } },
    });
    expect((await outbox()).map(({ kind }) => kind)).toEqual(['NOTICE']);
  });

  it('C: a chain with stop_on_error stops on a failure that was not counted', async () => {
    await chain([[], [], [1]], { stopOnError: true });
    await put(0, FAILED);
    await put(1, RUNNING);
    await admitted(1);
    expect(await reconciler.reconcile()).toBe(1);
    expect(await statuses()).toEqual(['FAILURE', 'CANCELLED', 'SKIPPED']);
    expect(await stored()).toMatchObject({ status: 'FAILURE', error: { code: 'TASK_ERROR' } });
    expect((await outbox()).map(({ kind }) => kind)).toEqual(['STOP', 'NOTICE']);
  });

  it('C2: a chain without stop_on_error goes on, and knows its failure', async () => {
    await chain([[], [], [1]], { stopOnError: false });
    await put(0, FAILED);
    await put(1, RUNNING);
    await admitted(1);
    expect(await reconciler.reconcile()).toBe(1);
    expect(await statuses()).toEqual(['FAILURE', 'RUNNING', 'PENDING']);
    expect(await stored()).toMatchObject({ status: 'RUNNING', failed_tasks: 1, error: { code: 'TASK_ERROR' } });
  });

  it('D: a chain that succeeded with a running task has failed, and its webhooks get that', async () => {
    await chain([[], [0]]);
    await put(0, RUNNING);
    await sql(`UPDATE task_chains SET status = 'SUCCESS'`);
    expect(await reconciler.reconcile()).toBe(1);
    expect(await stored()).toMatchObject({
      status: 'FAILURE',
      error: { code: 'CHAIN_INCONSISTENT' },
      cancelled_tasks: 1,
      skipped_tasks: 1,
    });
    expect(await outbox()).toMatchObject([{ kind: 'STOP' }, { kind: 'NOTICE', payload: { type: 'chain.failure' } }]);
  });

  it('E: a task in RETRYING without a time for its next attempt becomes READY', async () => {
    await chain([[]]);
    await put(0, `status = 'RETRYING', attempt = 1`);
    await admitted(0);
    expect(await reconciler.reconcile()).toBe(1);
    expect(await statuses()).toEqual(['READY']);
    expect(await stored()).toMatchObject({ status: 'RUNNING', admitted_tasks: 1 });
    expect(await reconciler.reconcile()).toBe(0);
  });

  it('F: a chain that lacks a row is held for an operator, and said so once', async () => {
    const chainId = await chain([[], [0]]);
    await sql('DELETE FROM chain_tasks WHERE execution_order = 1');
    expect(await reconciler.reconcile()).toBe(0);
    expect(await stored()).toMatchObject({ status: 'PAUSED' });
    expect(errors).toMatchObject([
      [{ kind: 'missing-task', chain_id: chainId, faults: [{ position: 1 }] }, expect.anything()],
    ]);
    restart();
    expect(await reconciler.reconcile()).toBe(0);
    expect([errors.length, await repairs()]).toEqual([1, ['held-missing-task']]);
    expect(await held()).toMatchObject([{ labels: { kind: 'missing-task' }, value: 1 }]);
    const [event] = await sql(`SELECT data FROM chain_events WHERE kind = 'RepairChain'`);
    expect(event).toMatchObject({ data: { kind: 'invariant-tasks', faults: [{ kind: 'missing-task', position: 1 }] } });
    expect(await commandChain(db, chainId, { kind: 'CancelChain' })).toMatchObject({
      kind: 'done',
      status: 'CANCELLED',
    });
  });

  it('F: a chain is held whose parent does not name its child', async () => {
    await chain([[], [0]]);
    await put(0, `successors = '{}'`);
    expect(await reconciler.reconcile()).toBe(0);
    expect(await held()).toMatchObject([{ labels: { kind: 'missing-dependency' }, value: 1 }]);
  });

  it('G: a chain whose repair cannot be stored stops no other', async () => {
    const first = await chain([[]]);
    const second = await chain([[]]);
    await admitted(0);
    await sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'cannot be stored'; END $$;
      CREATE TRIGGER refuse BEFORE UPDATE ON task_chains FOR EACH ROW WHEN (old.chain_id = '${first}') EXECUTE FUNCTION refuse()`);
    try {
      expect(await reconciler.reconcile()).toBe(1);
      expect(await reconciler.reconcile()).toBe(0);
      const rows = await sql('SELECT chain_id, admitted_tasks FROM task_chains ORDER BY id');
      expect(rows).toEqual([
        { chain_id: first, admitted_tasks: 0 },
        { chain_id: second, admitted_tasks: 1 },
      ]);
      expect(await repairs()).toEqual(['held-not-stored', 'invariant-counters']);
      expect(errors.filter(([data]) => 'error' in data)).toHaveLength(1);
    } finally {
      await sql('DROP TRIGGER refuse ON task_chains; DROP FUNCTION refuse');
    }
  });

  it('H: a count of parents that is too low is found before it starts a child early', async () => {
    await chain([[], [], [0, 1]]);
    await put(2, 'pending_dependencies = 1');
    expect(await reconciler.reconcile()).toBe(1);
    expect(await sql('SELECT pending_dependencies FROM chain_tasks WHERE execution_order = 2')).toEqual([
      { pending_dependencies: 2 },
    ]);
    expect(await repairs()).toEqual(['invariant-parents']);
    expect(await reconciler.reconcile()).toBe(0);
  });

  it('admits no more children of a stuck chain than max_parallel', async () => {
    await chain([[], [0], [0]], { maxParallel: 1 });
    await put(0, `status = 'SUCCESS'`);
    await sql(`UPDATE task_chains SET completed_tasks = 1, admitted_tasks = 0`);
    expect(await reconciler.reconcile()).toBe(1);
    const tasks = await sql('SELECT status, hold FROM chain_tasks WHERE execution_order > 0 ORDER BY execution_order');
    expect(tasks).toEqual([
      { status: 'READY', hold: null },
      { status: 'READY', hold: 'MAX_PARALLEL' },
    ]);
  });
});
