import { after, before, describe, test } from 'node:test';
import { expect } from 'expect';
import { createTestDatabase, type TestDatabase } from '#libs/testing';
import { insertWholeChain, type NewTaskRow } from '../chain-writer.js';
import { Database } from '../database.js';
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
  tolerable: false,
  queue_timeout_seconds: null,
  hold: null,
  retry_policy: null,
  timeout_seconds: null,
  predecessors: [],
  successors: [],
  referenced: [],
  params: {},
});

describe('promote-due', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = new Database(database.url);
  });
  after(async () => {
    await db.close();
    await database.drop();
  });
  const sql = <Row>(text: string, values: unknown[] = []): Promise<Row[]> => db.query<Row>({ name: '', text }, values);

  async function retryingChain(chainId: string, maxParallel: number | null, admitted: number): Promise<void> {
    const row = {
      chain_id: chainId,
      chain_name: 'c',
      chain_type: 'parallel',
      description: null,
      chain_config: {},
      status: 'RUNNING',
      total_tasks: 3,
      created_by: null,
      metadata: {},
      stop_on_error: true,
      timeout_seconds: 60,
      execution_id: null,
      max_parallel: maxParallel,
      admitted_tasks: admitted,
    };
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
});
