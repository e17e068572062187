import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { type Database, Databases, DutyRepository, openDatabase } from '#libs/repositories';
import { createTestDatabase, openTestQueues, takeJobs, type TestDatabase, type TestQueues } from '#libs/testing';
import { GaugesLoop } from './gauges-loop.js';

describe('the gauges', () => {
  let database: TestDatabase;
  let db: Database;
  let opened: TestQueues;
  beforeAll(async () => {
    database = await createTestDatabase();
    db = (await openDatabase(database.url)).forTenant('default');
    opened = await openTestQueues({ redisUrl: undefined, databaseUrl: database.url });
  });
  afterAll(async () => {
    await opened.close();
    await db.close();
    await database.drop();
  });
  const sql = (text: string): Promise<unknown> => db.query({ name: '', text });

  /** One of the replicas: counts, and returns its series. */
  function replica(holder: string): () => Promise<Record<string, number>> {
    const registry = new Registry();
    const gauges = new GaugesLoop(
      new Databases(db, db),
      new DutyRepository(),
      opened.queues,
      opened.channel,
      holder,
      registry,
    );
    return async () => {
      await gauges.round();
      const rows = (await registry.metrics()).split('\n').filter((row) => row !== '' && !row.startsWith('#'));
      return Object.fromEntries(rows.map((row) => [row.slice(0, row.lastIndexOf(' ')), Number(row.split(' ').at(-1))]));
    };
  }

  test('tell what is open, queued and waited for, and 0 once nothing is, by one replica of all', async () => {
    const { backend, channel, queues } = opened;
    const [one, other] = [replica('one'), replica('other')];
    await sql(`INSERT INTO task_chains (chain_id, chain_name, chain_type, chain_config, status, total_tasks, timeout_seconds)
      VALUES ('c', 'c', 'parallel', '{}', 'RUNNING', 4, 60)`);
    await sql(`INSERT INTO task_requests (task_request_id, task_type, task_name, params)
      SELECT 'r' || n, 'psi', 't', '{}' FROM generate_series(0, 3) AS n`);
    await sql(`INSERT INTO chain_tasks (chain_id, task_id, task_request_id, task_name, task_type, execution_mode, depends_on,
        execution_order, level, pending_dependencies, predecessors, successors, referenced, status, hold, lease_until, ready_at)
      SELECT 'c', 't' || n, 'r' || n, 't', 'psi', 'parallel', '[]', n, 0, 0, '{}', '{}', '{}', status, hold,
             CASE WHEN status IN ('QUEUED', 'RUNNING') THEN now() END, now() - n * interval '100 s'
        FROM (VALUES (0, 'READY', NULL), (1, 'READY', 'CHAIN_PAUSED'), (2, 'QUEUED', NULL), (3, 'RUNNING', NULL)) AS v(n, status, hold)`);
    await sql(`INSERT INTO workers (worker_id, slots) VALUES ('w', '{"psi": 3}')`);
    const ids = { chainId: 'c', taskId: 't2', taskRequestId: 'r2', taskType: 'psi', attempt: 1 };
    await queues.send([{ ...ids, params: {}, inputs: {}, timeoutMs: null, priority: 5 }]);
    await channel.publish('notes', { kind: 'progress' });

    const { 'taskchain_longest_wait_seconds{task_type="psi"}': waited, ...rest } = await one();
    // Of those that wait for a worker: not the one that is held, nor the one that has its worker.
    expect(Math.round(waited! / 10)).toBe(20);
    expect(rest).toMatchObject({
      'taskchain_chains{status="RUNNING"}': 1,
      'taskchain_chains{status="PAUSED"}': 0,
      'taskchain_tasks{task_type="psi",status="READY"}': 1,
      'taskchain_tasks{task_type="psi",status="QUEUED"}': 1,
      'taskchain_tasks{task_type="psi",status="RUNNING"}': 1,
      'taskchain_worker_slots{task_type="psi"}': 3,
      'taskchain_queue_jobs{task_type="psi",state="waiting"}': 0,
      'taskchain_queue_jobs{task_type="psi",state="prioritized"}': 1,
      'taskchain_queue_jobs{task_type="psi",state="active"}': 0,
      'taskchain_channel_messages{lane="notes"}': 1,
      'taskchain_channel_messages{lane="done"}': 0,
      taskchain_outbox_pending: 0,
    });
    expect(await other()).toEqual({});

    const taken = await takeJobs(backend, 'psi', 1, async () => undefined);
    await sql('DELETE FROM task_chains');
    await sql('DELETE FROM workers');
    await (await channel.receive('notes', 10, 1_000)).ack();
    while ((await queues.depth('psi')).prioritized > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await taken.close();
    const then = await one();
    expect(Object.keys(then).sort()).toEqual(
      [...Object.keys(rest), 'taskchain_longest_wait_seconds{task_type="psi"}'].sort(),
    );
    expect(Object.entries(then).filter(([, value]) => value !== 0)).toEqual([]);

    // Nothing is open: the queue is counted in one round of twenty.
    const depth = jest.spyOn(queues, 'depth');
    for (let round = 2; round < 20; round++) expect(await one()).toEqual(then);
    expect(depth).not.toHaveBeenCalled();
    await queues.send([{ ...ids, params: {}, inputs: {}, timeoutMs: null, priority: 5 }]);
    const left = { 'taskchain_queue_jobs{task_type="psi",state="prioritized"}': 1 };
    expect(await one()).toMatchObject(left);
    expect(await one()).toMatchObject(left);
    expect(depth).toHaveBeenCalledTimes(2);
  });
});
