import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { useTestDatabase } from '#libs/testing';
import { openDatabase, type Database, type Queryable } from '../database.js';
import { listChains } from './list-chains.js';
import { listTasks } from './list-tasks.js';
import { readChains } from './read-chains.js';

const CANARY = 'canary-31415926';
const HOSTILE = `"\\ \u202e</script> 风控 \u2028`;
const RESULT = {
  text: `${HOSTILE}${'x'.repeat(70_000)}`,
  big: 1e300,
  small: -0.1,
  list: [1, null, true, {}],
  __proto: 1,
};
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ANY = { ascending: false, limit: 10, offset: 0 };
/** Finished tasks of all -> percentage. */
const PROGRESS = [
  [0, 0, 0],
  [1, 3, 33.33],
  [3, 7, 42.86],
  [2, 3, 66.67],
  [1, 800, 0.13],
  [5, 5, 100],
] as const;

interface Task {
  readonly party_results: Record<string, object> | null;
  readonly result: unknown;
  readonly [name: string]: unknown;
}

describe('the JSON of chains', () => {
  let engine: Database;
  let api: Database;
  let mine: Database;
  afterAll(() => Promise.all([engine.close(), api.close()]));
  const database = useTestDatabase();
  beforeAll(async () => {
    engine = await openDatabase(database.url, { max: 1 });
    api = await openDatabase(database.url, { role: 'task_chain_api', pinPlans: false });
    mine = api.forTenant('default');
    const sql = (text: string, values: readonly unknown[] = []): Promise<unknown> =>
      engine.forTenant('default').query({ name: '', text }, values);
    await sql(
      `INSERT INTO task_chains (chain_id, chain_name, chain_type, description, chain_config, metadata, status, total_tasks, timeout_seconds,
                                created_at, started_at, deadline_at, error)
       VALUES ('c', $1::text, 'parallel', $1, '{}', $2::jsonb, 'RUNNING', 4, 60, '2026-01-02 03:04:05.678999+00', '2026-01-02 03:04:05+00', now(), $2)`,
      [HOSTILE, JSON.stringify(RESULT)],
    );
    await sql(
      `INSERT INTO task_chains (chain_id, chain_name, chain_type, chain_config, status, completed_tasks, total_tasks, timeout_seconds, created_at)
       SELECT 'p' || n, 'p', 'parallel', '{}', 'RUNNING', done, total, 60, now() + n * interval '1 s'
         FROM unnest($1::int[], $2::int[]) WITH ORDINALITY AS of(done, total, n)`,
      [PROGRESS.map(([done]) => done), PROGRESS.map(([, total]) => total)],
    );
    await sql(`INSERT INTO task_requests (task_request_id, task_type, task_name, params)
      SELECT 'r' || n, 'psi', 't', '{"k": [1]}' FROM generate_series(0, 3) AS n`);
    await sql(
      `INSERT INTO chain_tasks (chain_id, task_id, task_request_id, task_name, task_type, execution_mode, depends_on,
        execution_order, level, pending_dependencies, predecessors, successors, referenced, status, hold, next_attempt_at, result, party_results)
       SELECT 'c', 't' || n, 'r' || n, $1, 'psi', 'parallel', '["t0"]', n, 0, 0, '{}', '{}', '{}', status, hold, until, result::jsonb, party::jsonb
         FROM (VALUES (3, 'RETRYING', 'APPROVAL', now(), NULL, NULL), (0, 'SUCCESS', NULL, NULL, $2::text, $3::text), (1, 'SUCCESS', NULL, NULL, NULL, '{}'),
                      (2, 'PENDING', NULL, NULL, NULL, NULL)) AS v(n, status, hold, until, result, party)`,
      [
        HOSTILE,
        JSON.stringify(RESULT),
        JSON.stringify({
          alice: { value: { seen: CANARY } },
          bob: { sealed: 'YWdl' },
          carol: { withheld: 'few rows' },
        }),
      ],
    );
    await sql(`INSERT INTO task_chains (chain_id, chain_name, chain_type, chain_config, status, total_tasks, timeout_seconds, created_at)
      VALUES ('gap', 'gap', 'parallel', '{}', 'PAUSED', 2, 60, '2025-01-02 03:04:05+00')`);
    await sql(
      `INSERT INTO task_requests (task_request_id, task_type, task_name, params) VALUES ('gap', 'psi', 't', '{}')`,
    );
    await sql(`INSERT INTO chain_tasks (chain_id, task_id, task_request_id, task_name, task_type, execution_mode, depends_on,
        execution_order, level, pending_dependencies, predecessors, successors, referenced, status)
      VALUES ('gap', 't1', 'gap', 't', 'psi', 'parallel', '[]', 1, 0, 0, '{}', '{}', '{}', 'PENDING')`);
  });

  const tasks = async () => (await readChains.withTasks(mine, 'c'))!.tasks.map(({ json }) => JSON.parse(json) as Task);

  test('keep every value, and times to the millisecond', async () => {
    const { chain } = (await readChains.withTasks(mine, 'c'))!;
    const shown = JSON.parse(chain.json) as Record<string, unknown>;
    expect(shown).toMatchObject({
      chain_name: HOSTILE,
      metadata: RESULT,
      error: RESULT,
      created_at: '2026-01-02T03:04:05.678Z',
      completed_at: null,
      deadline_at: expect.stringMatching(TIME),
    });
    const [first, , pending, held] = await tasks();
    expect(first).toMatchObject({ task_id: 't0', task_name: HOSTILE, depends_on: ['t0'], result: RESULT });
    expect(first!['created_at']).toMatch(TIME);
    expect([pending, held]).toMatchObject([{ task_id: 't2' }, { task_id: 't3', party_results: null }]);
  });

  test('are those of one chain and of the tenant alone, whole or by what changed', async () => {
    const { chain, tasks: all } = (await readChains.withTasks(mine, 'c'))!;
    expect(chain).toMatchObject({ chain_id: 'c', status: 'RUNNING', version: 1 });
    expect(all.map(({ task_id }) => task_id)).toEqual(['t0', 't1', 't2', 't3']);
    expect((await readChains.chain(mine, 'c'))!.json).toBe(chain.json.replace(',"outputs":null', ''));
    expect((await readChains.changedTasks(mine, 'c', -1)).map(({ json }) => json)).toEqual(all.map(({ json }) => json));
    expect((await readChains.withTasks(mine, 'p1'))!.tasks).toEqual([]);
    expect(await readChains.graph(mine, 'p1')).toEqual({ chain_type: 'parallel', tasks: [] });
    expect((await readChains.graph(mine, 'c'))!.tasks.map(({ task_id }) => task_id)).toEqual(['t0', 't1', 't2', 't3']);
    // The reconciler pauses it: its first task has vanished.
    const gap = (await readChains.withTasks(mine, 'gap'))!;
    expect([JSON.parse(gap.chain.json), ...gap.tasks]).toMatchObject([{ chain_id: 'gap' }, { task_id: 't1' }]);
    for (const [db, id] of [
      [api.forTenant('other'), 'c'],
      [mine, 'none'],
    ] as const) {
      expect(await readChains.withTasks(db, id)).toBeUndefined();
      expect(await readChains.chain(db, id)).toBeUndefined();
      expect(await readChains.task(db, id, 't0', 'alice', true)).toBeUndefined();
      expect(await readChains.graph(db, id)).toBeUndefined();
    }
    expect((await listChains(api.forTenant('other'), {}, ANY, true)).items).toEqual([]);
  });

  test('say of waiting tasks alone what the reason is read from', async () => {
    const { tasks: all } = (await readChains.withTasks(mine, 'c'))!;
    expect(all.map(({ waits }) => waits && [waits.status, waits.hold, waits.depends_on])).toEqual([
      null,
      null,
      ['PENDING', null, ['t0']],
      ['RETRYING', 'APPROVAL', ['t0']],
    ]);
    expect(all[3]!.waits!.next_attempt_at).toMatch(TIME);
  });

  test('hold no result in clear that the reader may not see', async () => {
    const unclaimed = { withheld: expect.stringContaining('Nobody has claimed') };
    const rest = { bob: { sealed: 'YWdl' }, carol: { withheld: 'few rows' } };
    const rows = [await readChains.withTasks(mine, 'c'), await readChains.changedTasks(mine, 'c', -1)];
    expect(JSON.stringify(rows)).not.toContain(CANARY);
    expect((await tasks()).map((task) => task.party_results)).toEqual([{ alice: unclaimed, ...rest }, {}, null, null]);

    for (const [party, isAdmin, mayRead] of [
      [null, false, false],
      ['bob', false, false],
      ['alice', false, true],
      [null, true, true],
    ] as const) {
      const row = (await readChains.task(mine, 'c', 't0', party, isAdmin))!;
      const { party_results: results } = JSON.parse(row.json) as Task;
      expect(results).toEqual({ alice: mayRead ? { value: { seen: CANARY } } : unclaimed, ...rest });
      expect(row.in_clear).toEqual(mayRead ? ['alice'] : []);
      expect(JSON.stringify(row).includes(CANARY)).toBe(mayRead);
    }
  });

  test('hold the fields that are asked for alone, and the ids', async () => {
    const parts = { chain: ['status', 'progress'], tasks: ['status', 'result'] };
    const { chain, tasks: some } = (await readChains.withTasks(mine, 'c', parts))!;
    expect(JSON.parse(chain.json)).toEqual({ chain_id: 'c', status: 'RUNNING', progress: 0 });
    expect(JSON.parse(some[0]!.json)).toEqual({ task_id: 't0', status: 'SUCCESS', result: RESULT });
    expect(some[2]!.waits).toMatchObject({ status: 'PENDING' });
    expect(JSON.parse((await readChains.chain(mine, 'c', []))!.json)).toEqual({ chain_id: 'c' });
    const { items } = await listChains(mine, { q: 'p' }, { ...ANY, limit: 1, fields: ['chain_name'] }, false);
    expect(items.map(({ json }) => JSON.parse(json) as unknown)).toEqual([{ chain_id: 'p6', chain_name: 'p' }]);
  });

  test('of a summary cost the same for 10 tasks and for 10,000', async () => {
    const sql = (text: string) => engine.forTenant('default').query({ name: '', text });
    const blocks: number[] = [];
    for (const count of [10, 10_000]) {
      await sql(`INSERT INTO task_chains (chain_id, chain_name, chain_type, chain_config, status, total_tasks, timeout_seconds, created_at)
        VALUES ('of-${count}', 'of', 'parallel', '{}', 'RUNNING', ${count}, 60, '2024-01-02 03:04:05+00')`);
      await sql(`WITH made AS (
          INSERT INTO task_requests (task_request_id, task_type, task_name, params)
          SELECT 'of-${count}-' || n, 'psi', 't', '{}' FROM generate_series(1, ${count}) AS n)
        INSERT INTO chain_tasks (chain_id, task_id, task_request_id, task_name, task_type, execution_mode, depends_on,
          execution_order, level, pending_dependencies, predecessors, successors, referenced, status)
        SELECT 'of-${count}', 't' || n, 'of-${count}-' || n, 't', 'psi', 'parallel', '[]', n, 0, 0, '{}', '{}', '{}', 'PENDING'
          FROM generate_series(1, ${count}) AS n`);
      const explaining: Queryable = {
        entities: mine.entities,
        query: ({ text }, values) =>
          mine.query({ name: '', text: `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}` }, values),
      };
      const read = () => readChains.chain(explaining, `of-${count}`) as Promise<unknown>;
      await read();
      const row = (await read()) as { 'QUERY PLAN': { Plan: Record<string, number> }[] };
      const { Plan: plan } = row['QUERY PLAN'][0]!;
      expect(JSON.stringify(plan)).not.toContain('chain_tasks');
      blocks.push(plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!);
    }
    expect(blocks[1]! / blocks[0]!).toBeLessThanOrEqual(1.5);
    await sql(`DELETE FROM task_chains WHERE chain_id LIKE 'of-%'`);
  });

  test('are listed by label, none of another tenant', async () => {
    const named = async (labels: Record<string, string>, db = mine) =>
      (await listChains(db, { labels: Object.entries(labels) }, ANY, true)).items.map(({ chain_id }) => chain_id);
    await engine.forTenant('default').query({
      name: '',
      text: `INSERT INTO chain_labels (chain_id, key, value)
             VALUES ('c', 'env', 'prod'), ('p1', 'env', 'prod'), ('p2', 'env', 'test'), ('c', 'team', '风控')`,
    });
    expect((await named({ env: 'prod' })).sort()).toEqual(['c', 'p1']);
    expect(await named({ env: 'prod', team: '风控' })).toEqual(['c']);
    expect(await named({ env: 'Prod' })).toEqual([]);
    expect(await named({ env: 'prod' }, api.forTenant('other'))).toEqual([]);
  });

  test('are sorted by name and end, page after page', async () => {
    await engine.forTenant('default').query({
      name: '',
      text: `UPDATE task_chains SET completed_at = created_at, chain_name = 'p' || total_tasks WHERE chain_id LIKE 'p_'`,
    });
    for (const sort of ['chain_name', 'completed_at', 'created_at'] as const) {
      for (const ascending of [true, false]) {
        const whole = (await listChains(mine, {}, { ...ANY, sort, ascending }, true)).items;
        const paged: string[] = [];
        let after: { place: string; id: number } | undefined;
        for (;;) {
          const { items } = await listChains(mine, {}, { sort, ascending, limit: 3, offset: 0, after }, false);
          paged.push(...items.map(({ chain_id }) => chain_id));
          after = items.at(-1);
          if (after === undefined) break;
        }
        expect(paged).toEqual(whole.map(({ chain_id }) => chain_id));
        expect(new Set(paged).size).toBe(PROGRESS.length + 2);
        if (sort === 'completed_at') {
          const running = paged.filter((id) => !id.startsWith('p')).sort();
          expect((ascending ? paged.slice(0, 2) : paged.slice(-2)).sort()).toEqual(running);
        }
      }
    }
  });

  test('are prepared in pages of the default size and in those of the console, without filters', async () => {
    const names: string[] = [];
    const noting = {
      query: ({ name, text }: { name: string; text: string }, values: readonly unknown[]) => {
        names.push(name);
        return mine.query({ name, text }, values);
      },
    } as unknown as Database;
    const page = readFileSync(new URL('../../../../../apps/console/src/pages/chains.tsx', import.meta.url), 'utf8');
    const fields = /^const FIELDS =\s+'([\w,]+)'/m.exec(page)![1]!.split(',');
    const rows = Number(/^const PAGE_SIZE = (\d+);/m.exec(page)![1]) + 1;
    const first = { ascending: false, limit: 21, offset: 0 };
    await listChains(noting, {}, first, false);
    await listChains(noting, {}, { ...first, limit: rows, fields }, false);
    for (const [filter, other] of [
      [{ q: 'p' }, first],
      [{}, { ...first, limit: rows }],
      [{}, { ...first, limit: rows, fields, offset: 50 }],
      [{}, { ...first, limit: rows, fields: [...fields, 'metadata'] }],
    ] as const) {
      await listChains(noting, filter, other, false);
    }
    const name = 'list-chains-created_at-DESC-first';
    expect(names).toEqual([name, `${name}-console`, '', '', '', '']);
  });

  test('come by page and filter, none in clear', async () => {
    const page = async (filter: Parameters<typeof listTasks>[2], limit = 10, offset = 0) => {
      const { items, total } = await listTasks(mine, 'c', filter, { limit, offset });
      expect(JSON.stringify(items)).not.toContain(CANARY);
      return [items.map(({ task_id }) => task_id).join(), total];
    };
    expect(await page({})).toEqual(['t0,t1,t2,t3', 4]);
    expect(await page({}, 2, 1)).toEqual(['t1,t2', 4]);
    expect(await page({}, 2, 4)).toEqual(['', 4]);
    expect(await page({ statuses: ['SUCCESS', 'RETRYING'] })).toEqual(['t0,t1,t3', 3]);
    expect(await page({ q: 'T2' })).toEqual(['t2', 1]);
    expect(await page({ q: '%' })).toEqual(['', 0]);
    expect(await page({ taskType: 'psi', statuses: ['SUCCESS'] }, 1)).toEqual(['t0', 2]);
    expect(await page({ taskType: 'other' })).toEqual(['', 0]);
    const whole = (await readChains.withTasks(mine, 'c'))!.tasks.map(({ json }) => json);
    expect((await listTasks(mine, 'c', {}, { limit: 9, offset: 0 })).items.map(({ json }) => json)).toEqual(whole);
    expect(await listTasks(api.forTenant('other'), 'c', {}, { limit: 9, offset: 0 })).toEqual({ items: [], total: 0 });
  });

  test('of a single task has its parameters, of a list its progress to a hundredth', async () => {
    const row = (await readChains.task(mine, 'c', 't2', null, false))!;
    expect(JSON.parse(row.json)).toMatchObject({ task_id: 't2', params: { k: [1] } });
    expect(row.waits).toMatchObject({ status: 'PENDING' });
    const { items, total } = await listChains(mine, {}, { ...ANY, ascending: true, offset: 2 }, true);
    expect(total).toBe(PROGRESS.length + 2);
    const progress = items.map(({ json }) => (JSON.parse(json) as { progress: number }).progress);
    expect(progress).toEqual(PROGRESS.map(([, , percent]) => percent));
  });
});
