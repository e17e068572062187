import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DEFAULT_SETTINGS, wireSettings } from '#libs/chain-domain';
import { openDatabase, type Database, insertWholeChain, type NewTaskRow, type Queryable } from '#libs/repositories';
import { useTestDatabase } from '#libs/testing';
import { prepareJobs, type PreparedJobs } from './prepare-jobs.js';

const KIB = 1024;
/** A result of 64 KiB as JSON. */
const LARGE = 'x'.repeat(64 * KIB - 2);

const task = (position: number, more: Partial<NewTaskRow> = {}): NewTaskRow => ({
  ...{ task_id: `t${position}`, task_request_id: `r${Math.random()}`, task_name: 't', task_type: 'diagnostic' },
  ...{ execution_mode: 'parallel', depends_on: [], is_callback: false, status: 'PENDING', execution_order: position },
  ...{
    priority: 5,
    level: 0,
    pending: 0,
    trigger_rule: 'all_success',
    conditions: [],
    ...wireSettings(DEFAULT_SETTINGS),
  },
  ...{ queue_timeout_seconds: null, hold: null, retry_policy: null, timeout_seconds: null, predecessors: [] },
  ...{
    successors: [],
    referenced: [],
    params: {},
    concurrency_key: null,
    concurrency_limit: null,
    concurrency_of: null,
    consent: null,
  },
  ...more,
});

describe('jobs with large inputs', () => {
  let db: Database;
  afterAll(() => db.close());
  const shared = useTestDatabase();
  /** Rows that each statement answered. */
  const answered = new Map<string, number[]>();
  const counting: Queryable = {
    get entities() {
      return db.entities;
    },
    query: async <Row>(...[statement, values]: Parameters<Queryable['query']>): Promise<Row[]> => {
      const rows = await db.query<Row>(statement, values);
      answered.set(statement.name, [...(answered.get(statement.name) ?? []), rows.length]);
      return rows;
    },
  };
  beforeAll(async () => {
    db = (await openDatabase(shared.url)).forTenant('default');
  });
  beforeEach(() => answered.clear());

  /** A chain of `parents` tasks that succeeded with `result` and `children` that depend on all of them. -> their attempts. */
  async function chain(
    parents: number,
    children: number,
    result: unknown,
    params: unknown = {},
  ): Promise<Map<number, number>> {
    const chainId = `chain-${Math.random()}`;
    const predecessors = Array.from({ length: parents }, (_, i) => i);
    const tasks = [
      ...predecessors.map((position) => task(position)),
      ...Array.from({ length: children }, (_, i) => task(parents + i, { predecessors, params })),
    ];
    await insertWholeChain(
      db,
      {
        ...{ chain_id: chainId, chain_name: 'c', chain_type: 'complex', description: null, chain_config: {} },
        ...{
          status: 'RUNNING',
          total_tasks: tasks.length,
          created_by: null,
          by_admin: false,
          metadata: {},
          labels: {},
          stop_on_error: true,
        },
        ...{
          timeout_seconds: 60,
          approval_timeout_seconds: 60,
          execution_id: null,
          max_parallel: null,
          admitted_tasks: children,
        },
        ...{ concurrency_key: null, concurrency_limit: null },
      },
      tasks,
      [],
    );
    await db.query(
      {
        name: '',
        text: `UPDATE chain_tasks SET status = 'SUCCESS', result = $3 WHERE chain_id = $1 AND execution_order < $2`,
      },
      [chainId, parents, JSON.stringify(result)],
    );
    const rows = await db.query<{ id: number }>(
      { name: '', text: 'SELECT id FROM chain_tasks WHERE chain_id = $1 AND execution_order >= $2 ORDER BY id' },
      [chainId, parents],
    );
    return new Map(rows.map(({ id }) => [id, 1]));
  }
  /** Gives the first tasks of a chain ids, and a result and one of a party each. */
  async function name(attempts: ReadonlyMap<number, number>, ids: readonly string[]): Promise<void> {
    const text = `UPDATE chain_tasks SET task_id = $2, result = $3, party_results = $4
                   WHERE chain_id = (SELECT chain_id FROM chain_tasks WHERE id = $1) AND execution_order = $5`;
    for (const [position, id] of ids.entries()) {
      const results = [{ max: `result of ${id}` }, { bob: { withheld: id } }].map((each) => JSON.stringify(each));
      await db.query({ name: '', text }, [[...attempts.keys()][0], id, ...results, position]);
    }
  }
  const all = async (attempts: ReadonlyMap<number, number>): Promise<PreparedJobs[]> => {
    const parts: PreparedJobs[] = [];
    for (let rest = attempts; rest.size > 0; rest = parts.at(-1)!.rest) parts.push(await prepareJobs(counting, rest));
    return parts;
  };

  test('beyond the limit fail their task, and far beyond it are not even read', async () => {
    const over = await prepareJobs(counting, await chain(300, 1, LARGE));
    expect(over.jobs).toEqual([]);
    expect(over.unsendable.map(({ error }) => error.code)).toEqual(['RESULT_TOO_LARGE']);
    expect(answered.get('load-results')).toEqual([300]);
    answered.clear();
    const far = await prepareJobs(counting, await chain(600, 1, LARGE));
    expect(far.unsendable.map(({ error }) => error)).toEqual([
      { code: 'RESULT_TOO_LARGE', message: expect.stringContaining('600 parents are 39321600 bytes') },
    ]);
    expect(answered.get('load-results')).toBeUndefined();
    const within = await prepareJobs(counting, await chain(600, 1, { rows: 7 }));
    expect(Object.keys(within.jobs[0]!.inputs)).toHaveLength(600);
    expect([within.unsendable, within.rest.size]).toEqual([[], 0]);
  });

  test('are made a part at a time, all of them in the end', async () => {
    const attempts = await chain(100, 35, LARGE);
    const parts = await all(attempts);
    expect(parts.map(({ jobs }) => jobs.length)).toEqual([10, 10, 10, 5]);
    expect(Math.max(...answered.get('load-results')!)).toBeLessThanOrEqual(1_024);
    expect(new Set(parts.flatMap(({ jobs }) => jobs.map((job) => job.taskId))).size).toBe(35);
  });

  test('nor are large parameters read at once', async () => {
    // Not to be compressed.
    const noise = Array.from({ length: 40_000 }, () => Math.random().toString(36)).join('');
    const attempts = await chain(0, 16, null, { noise });
    const parts = await all(attempts);
    expect(parts.flatMap(({ jobs }) => jobs)).toHaveLength(16);
    expect(parts.length).toBeGreaterThan(1);
    for (const { jobs } of parts) expect(jobs[0]!.params).toEqual({ noise });
  });

  test('carry what owners have stated until their tasks were stored as dispatched', async () => {
    const attempts = await chain(0, 1, null, { sf_init_config: { parties: ['bank-b'] } });
    const run = (text: string) => db.query({ name: '', text });
    await run(
      `UPDATE task_requests SET metadata = metadata || '{"consent": {"hash": "sha256:1", "from": {}, "by_admin": false}}'`,
    );
    let saved = (): void => undefined;
    const saving = new Promise<void>((done) => (saved = done));
    const prepared = prepareJobs(counting, attempts, [], saving);
    await Promise.race([prepared, delay(200, undefined, { ref: false })]);
    await run(`INSERT INTO parties (tenant_id, party, name) VALUES ('default', 'bank-b', 'B')`);
    await run(`INSERT INTO statements (tenant_id, subject, kind, party, serial, body, signed, task, created_by)
                 VALUES ('default', 'sha256:1', 'approval', 'bank-b', 1, '{"decision": "approve"}', NULL, 'sha256:1', 'key')`);
    saved();
    const { jobs } = await prepared;
    expect(jobs[0]!.consent?.statements).toEqual({ 'bank-b': [{ decision: 'approve' }] });
  });

  test('of tasks that are gone with their chain are none', async () => {
    const gone = await prepareJobs(counting, new Map([[999_999_999, 1]]));
    expect(gone).toEqual({ jobs: [], controls: [], unsendable: [], skipped: [], rest: new Map() });
  });

  test('name results of parties by the ids of all tasks, as when the chain was created', async () => {
    const ids = ['x', 'x.party_results.bob.statistics', 'y', 'y.result'];
    const params = {
      shown: '${tasks.x.party_results.bob.statistics.result.max}',
      own: '${tasks.y.result.party_results.bob.max}',
    };
    const attempts = await chain(ids.length, 1, {}, params);
    await name(attempts, ids);
    const { jobs, unsendable } = await prepareJobs(counting, attempts);
    expect(unsendable).toEqual([]);
    expect(jobs[0]!.params).toEqual({ ...params, shown: 'result of x.party_results.bob.statistics' });
    expect(jobs[0]!.partyResults).toEqual([
      { place: ['own'], taskId: 'y.result', party: 'bob', path: ['max'], result: { withheld: 'y.result' } },
    ]);
  });
});
