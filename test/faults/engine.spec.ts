import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import {
  ChainEngine,
  commandChain,
  createChain,
  InvariantReconciler,
  LeaseReconciler,
  makeEngineMetrics,
} from '#libs/chain-engine';
import { withConnection } from '#libs/local-postgres';
import { openDatabase, type Database, engineQueries, isTransient, type Queryable } from '#libs/repositories';
import { sampleNewChain, useTestDatabase } from '#libs/testing';

describe('the reconciler', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = (await openDatabase(database.url, { max: 4 })).forTenant('default')));

  const sql = (text: string) => withConnection(database.url, (client) => client.query(text));
  const engineOn = (over: Database, state = 'missing'): ChainEngine =>
    new ChainEngine(
      over,
      { send: async () => undefined, state: async () => state } as never,
      makeEngineMetrics(new Registry()),
      { info: () => undefined, warn: () => undefined, error: () => undefined },
    );

  it('locks a chain that changes whenever it is read, and carries the command out', async () => {
    const outcome = await createChain(db, sampleNewChain([[], []]));
    const chainId = outcome.kind === 'created' ? outcome.chain.chain_id : '';
    const change = () => sql(`SET lock_timeout = 100; UPDATE task_chains SET version = version + 1`);
    const seen: string[] = [];
    const done = await db.transaction((tx) =>
      commandChain(
        {
          entities: tx.entities,
          query: async <Row>(...[statement, values]: Parameters<Queryable['query']>) => {
            const rows = await tx.query<Row>(statement, values);
            // Just read: whatever is decided on it is out of date.
            if (statement.name === 'load-all-tasks') {
              seen.push(
                await change().then(
                  () => 'changed',
                  () => 'locked',
                ),
              );
            }
            return rows;
          },
        },
        chainId,
        { kind: 'CancelChain' },
      ),
    );
    expect(done).toMatchObject({ kind: 'done', status: 'CANCELLED' });
    expect(seen).toEqual(['changed', 'changed', 'changed', 'locked']);
    await sql('TRUNCATE task_chains, task_requests CASCADE');
  });

  it('gives up a loss whose lease is renewed between its look and its save', async () => {
    const outcome = await createChain(db, sampleNewChain([[]]));
    const chainId = outcome.kind === 'created' ? outcome.chain.chain_id : '';
    await sql(
      `UPDATE chain_tasks SET status = 'RUNNING', attempt = 1, run_id = 'r', lease_until = now() - interval '1 s'`,
    );
    let saves = 0;
    const renewing = {
      query: async (statement: { name: string; text: string }, values: readonly unknown[]) => {
        if (statement.name === 'save-decisions') {
          saves++;
          await sql(`UPDATE chain_tasks SET lease_until = now() + interval '15 s'`);
        }
        return db.query(statement, values);
      },
    } as unknown as Database;
    await new LeaseReconciler(engineOn(renewing)).reconcile(false);
    expect(saves).toBe(1);
    const { rows } = await sql(`SELECT status, attempt, losses FROM chain_tasks WHERE chain_id = '${chainId}'`);
    expect(rows).toEqual([{ status: 'RUNNING', attempt: 1, losses: 0 }]);
    const repairs = await sql('SELECT kind FROM repairs');
    expect(repairs.rows).toEqual([]);

    await sql(`UPDATE chain_tasks SET lease_until = now() - interval '1 s'`);
    await new LeaseReconciler(engineOn(db)).reconcile(false);
    expect((await sql('SELECT kind FROM repairs')).rows).toEqual([{ kind: 'worker-lost' }]);
  });

  it('takes no task from a worker that has had no time yet to tell of it', async () => {
    await clear();
    await createChain(db, sampleNewChain([[]]));
    await sql(`UPDATE chain_tasks SET status = 'QUEUED', attempt = 1, lease_until = now() - interval '1 s'`);
    await new LeaseReconciler(engineOn(db, 'active')).reconcile(false);
    const { rows } = await sql(`SELECT status, attempt, lease_until > now() AS leased FROM chain_tasks`);
    expect(rows).toEqual([{ status: 'QUEUED', attempt: 1, leased: true }]);
  });

  it('waits for no save, and so for none that waits for it', async () => {
    await clear();
    await createChain(db, sampleNewChain([[], []]));
    await sql(`UPDATE chain_tasks SET status = 'RUNNING', attempt = 1, lease_until = now()`);
    const { rows } = await sql('SELECT task_request_id FROM chain_tasks ORDER BY id');
    const ids = rows.map((row: { task_request_id: string }) => row.task_request_id);
    await withConnection(database.url, async (saving) => {
      await saving.query('BEGIN');
      await saving.query('UPDATE chain_tasks SET worker_id = worker_id WHERE task_request_id = $1', [ids[0]]);
      const counting = await engineQueries.renewLeases(db, ids, [1, 1], 15_000);
      expect(counting.map((row) => row.task_request_id).sort()).toEqual([...ids].sort());
      const progress = ids.map((id) => ({ task_request_id: id, attempt: 1, progress: 0.5, stage: 's' }));
      await engineQueries.saveProgress(db, progress);
      await saving.query('ROLLBACK');
    });
    const after = await sql(`SELECT progress, lease_until > now() AS leased FROM chain_tasks ORDER BY id`);
    expect(after.rows).toEqual([
      { progress: 0, leased: false },
      { progress: 0.5, leased: true },
    ]);
  });

  describe('of invariants', () => {
    const look = async () => ({
      chain: (
        await sql(`SELECT status, completed_tasks, skipped_tasks, cancelled_tasks, admitted_tasks FROM task_chains`)
      ).rows[0],
      tasks: (
        await sql(`SELECT status, hold, pending_dependencies AS pending FROM chain_tasks ORDER BY execution_order`)
      ).rows,
      repairs: (await sql(`SELECT kind FROM repairs`)).rows.map((row: { kind: string }) => row.kind),
    });

    it('finds nothing in order', async () => {
      await clear();
      await createChain(db, sampleNewChain([[], [0], [0, 1]]));
      await createChain(db, { ...sampleNewChain([[], [0]]), execute: false });
      expect(await new InvariantReconciler(engineOn(db)).reconcile()).toBe(0);
    });

    it('counts anew what does not add up', async () => {
      await clear();
      await createChain(db, sampleNewChain([[], [0]]));
      await sql(`UPDATE task_chains SET completed_tasks = 1, admitted_tasks = 0`);
      expect(await new InvariantReconciler(engineOn(db)).reconcile()).toBe(1);
      const { chain, repairs } = await look();
      expect(chain).toMatchObject({ status: 'RUNNING', completed_tasks: 0, admitted_tasks: 1 });
      expect(repairs).toEqual(['invariant-counters']);
      expect(await new InvariantReconciler(engineOn(db)).reconcile()).toBe(0);
    });

    it('moves a chain on whose child was not notified that its parents are done', async () => {
      await clear();
      await createChain(db, sampleNewChain([[], [], [0, 1]]));
      await sql(`UPDATE chain_tasks SET status = 'SUCCESS' WHERE execution_order < 2`);
      await sql(
        `UPDATE chain_tasks SET pending_dependencies = 1, succeeded_dependencies = 1 WHERE execution_order = 2`,
      );
      await sql(`UPDATE task_chains SET completed_tasks = 2, admitted_tasks = 0`);
      expect(await new InvariantReconciler(engineOn(db)).reconcile()).toBe(1);
      const { tasks, repairs } = await look();
      expect(tasks[2]).toEqual({ status: 'READY', hold: null, pending: 0 });
      expect(repairs).toEqual(['invariant-stuck']);
    });

    it('admits held tasks that nobody would', async () => {
      await clear();
      await createChain(db, { ...sampleNewChain([[], [], []]), maxParallel: 2 });
      await sql(`UPDATE chain_tasks SET hold = 'MAX_PARALLEL'`);
      await sql(`UPDATE task_chains SET admitted_tasks = 0`);
      expect(await new InvariantReconciler(engineOn(db)).reconcile()).toBe(1);
      const { tasks } = await look();
      expect(tasks.map((task: { hold: string | null }) => task.hold)).toEqual([null, null, 'MAX_PARALLEL']);
    });

    it('ends a chain of which every task has ended, and tasks that outlive their chain', async () => {
      await clear();
      await createChain(db, sampleNewChain([[], [0]]));
      await sql(`UPDATE chain_tasks SET status = 'SUCCESS'`);
      await sql(`UPDATE task_chains SET completed_tasks = 2, admitted_tasks = 0`);
      expect(await new InvariantReconciler(engineOn(db)).reconcile()).toBe(1);
      expect((await look()).chain).toMatchObject({ status: 'SUCCESS' });

      await clear();
      await createChain(db, sampleNewChain([[], [], [0]]));
      await sql(
        `UPDATE chain_tasks SET status = 'RUNNING', attempt = 1, lease_until = now() WHERE execution_order = 0`,
      );
      await sql(`UPDATE task_chains SET status = 'CANCELLED'`);
      expect(await new InvariantReconciler(engineOn(db)).reconcile()).toBe(1);
      const { chain, tasks, repairs } = await look();
      expect(tasks.map((task: { status: string }) => task.status)).toEqual(['CANCELLED', 'SKIPPED', 'SKIPPED']);
      expect(chain).toMatchObject({ cancelled_tasks: 1, skipped_tasks: 2, admitted_tasks: 0 });
      expect(repairs).toEqual(['invariant-live-tasks']);
    });
  });

  const clear = () => sql('TRUNCATE task_chains, task_requests, repairs CASCADE');
});

describe('faults of the database', () => {
  it('are distinguished from failures of the work: a full disk ends no task', () => {
    const withCode = (code: string) => Object.assign(new Error('x'), { code });
    for (const code of [
      '53100',
      '53200',
      '53300',
      '57P01',
      '57P05',
      '58030',
      '08006',
      '40P01',
      '55P03',
      'ECONNRESET',
    ]) {
      expect([code, isTransient(withCode(code))]).toEqual([code, true]);
    }
    for (const code of ['22P05', '22003', '23505', '42P01']) {
      expect([code, isTransient(withCode(code))]).toEqual([code, false]);
    }
  });
});
