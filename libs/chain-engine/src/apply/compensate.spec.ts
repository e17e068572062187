import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { withConnection } from '#libs/local-postgres';
import { openDatabase, type CompensationPlan, type Database } from '#libs/repositories';
import { sampleNewChain, useTestDatabase } from '#libs/testing';
import { ChainEngine } from '../chain-engine.js';
import { commandChain, createChain } from '../commands/commands.js';
import { makeEngineMetrics } from '../metrics.js';
import { taskWork } from './decide-work.js';

let api: Database;
let db: Database;
afterAll(() => Promise.all([api.close(), db.close()]));
const database = useTestDatabase();
beforeAll(async () => {
  api = (await openDatabase(database.url, { max: 4 })).forTenant('default');
  db = await openDatabase(database.url, { max: 4 });
});
beforeEach(() => sql('TRUNCATE task_chains, task_requests, outbox CASCADE'));

const nothing = () => undefined;
const log = { info: nothing, warn: nothing, error: nothing };
const engineOf = (): ChainEngine => new ChainEngine(db, {} as never, makeEngineMetrics(new Registry()), log);
const sql = async (text: string): Promise<Record<string, unknown>[]> =>
  (await withConnection(database.url, (client) => client.query(text))).rows as Record<string, unknown>[];

const retryPolicy = { ...sampleNewChain([[]]).tasks[0]!.retryPolicy, onExhausted: 'pause' as const };
const undo = (position: number, params: object, referenced: number[] = []): CompensationPlan['tasks'][number] => ({
  ...{ position, taskId: `t${position}`, taskName: `undo t${position}`, taskType: 'diagnostic' },
  ...{ params, retryPolicy, timeoutSeconds: null, priority: 5, referenced },
});

/** A diamond of four tasks, of which these have succeeded and the last one runs. */
async function running(compensation: CompensationPlan['tasks'], results: readonly unknown[]): Promise<string> {
  const created = await createChain(api, {
    ...sampleNewChain([[], [0], [0], [1, 2]]),
    proposer: 'alice',
    compensation,
  });
  if (created.kind !== 'created') throw new Error(created.kind);
  for (const [at, result] of results.entries())
    await sql(
      `UPDATE chain_tasks SET status = 'SUCCESS', attempt = 1, result = '${JSON.stringify(result)}' WHERE task_id = 't${at}'`,
    );
  await sql(
    `UPDATE chain_tasks SET status = 'RUNNING', attempt = 1, run_id = 'r', lease_until = now() + interval '1 h' WHERE task_id = 't3'`,
  );
  await sql(`UPDATE task_chains SET completed_tasks = ${results.length}, admitted_tasks = 1, status = 'RUNNING'`);
  await sql(`UPDATE chain_tasks SET pending_dependencies = 0, succeeded_dependencies = 2 WHERE task_id = 't3'`);
  return created.chain.chain_id;
}

/** The last task fails for good. */
async function fail(chainId: string, engine = engineOf()): Promise<void> {
  const [row] = await sql(`SELECT task_request_id FROM chain_tasks WHERE chain_id = '${chainId}' AND task_id = 't3'`);
  await engine.applyAndSend(
    taskWork([{ chainId, taskRequestId: row!['task_request_id'] as string }], (_, position) => ({
      event: {
        ...({ kind: 'TaskFailed', position, attempt: 1, runId: 'r', retryable: false, random: 0 } as const),
        error: { code: 'TASK_ERROR', message: 'no' },
      },
    })),
  );
}

const chains = () =>
  sql(`SELECT chain_id, chain_name, status, tenant_id, compensates, compensated_by FROM task_chains ORDER BY id`);
const undone = () =>
  sql(`SELECT t.task_id, t.status, t.depends_on, r.params, r.metadata -> 'consent' ->> 'proposer' AS proposer
         FROM chain_tasks t JOIN task_requests r USING (task_request_id) JOIN task_chains c USING (chain_id)
        WHERE c.compensates IS NOT NULL ORDER BY t.execution_order`);

it('a chain that fails is undone by another one, the last task first, in the transaction that ends it', async () => {
  const chainId = await running(
    [0, 1, 2, 3].map((position) => undo(position, {})),
    [{}, {}, {}],
  );
  await fail(chainId);
  const [first, second, ...more] = await chains();
  expect(more).toEqual([]);
  expect(first).toMatchObject({
    chain_id: chainId,
    status: 'FAILURE',
    compensated_by: second!['chain_id'],
    compensates: null,
  });
  expect(second).toMatchObject({ status: 'RUNNING', tenant_id: 'default', compensates: chainId, compensated_by: null });
  // The one that failed has done nothing.
  expect(await undone()).toMatchObject([
    { task_id: 'undo.t2', status: 'READY', depends_on: [] },
    { task_id: 'undo.t1', status: 'PENDING', depends_on: ['undo.t2'] },
    { task_id: 'undo.t0', status: 'PENDING', depends_on: ['undo.t1'] },
  ]);
});

it('goes on with the others where an operator skips one, which was undone by hand', async () => {
  await fail(
    await running(
      [0, 1, 2].map((position) => undo(position, {})),
      [{}, {}, {}],
    ),
  );
  const [row] = await sql(`SELECT chain_id, task_request_id FROM chain_tasks WHERE task_id = 'undo.t2'`);
  const [chainId, taskRequestId] = [String(row!['chain_id']), String(row!['task_request_id'])];
  const skip = taskWork([{ chainId, taskRequestId }], (_, position) => ({ event: { kind: 'SkipTask', position } }));
  await engineOf().applyAndSend(skip);
  expect((await undone()).map(({ status }) => status)).toEqual(['SKIPPED', 'READY', 'PENDING']);
});

it('what undoes has the rights of the first chain, and each task its own tries and time; the first that fails holds it', async () => {
  const parties = { sf_init_config: { parties: ['alice'], address: 'local' } };
  const tries = { ...retryPolicy, maxRetries: 3 };
  const chainId = await running([{ ...undo(0, parties), retryPolicy: tries, timeoutSeconds: 77, priority: 8 }], [{}]);
  await sql(`UPDATE task_chains SET created_by = 'key:1', labels = '{"env":"x"}', approval_timeout_seconds = 55`);
  await fail(chainId);
  const made = `SELECT created_by, by_admin, stop_on_error, labels, approval_timeout_seconds FROM task_chains WHERE compensates IS NOT NULL`;
  expect(await sql(made)).toEqual([
    { created_by: 'key:1', by_admin: false, stop_on_error: true, labels: { env: 'x' }, approval_timeout_seconds: 55 },
  ]);
  expect(await undone()).toMatchObject([{ proposer: 'alice' }]);
  const [task] = await sql(`SELECT timeout_seconds, priority, retry_policy FROM chain_tasks WHERE task_id = 'undo.t0'`);
  expect(task).toMatchObject({ timeout_seconds: 77, priority: 8 });
  expect(task!['retry_policy']).toEqual(tries);
});

it('values of results are put in, and whatever they say is text there', async () => {
  const hostile = { id: '${secrets.key}', more: ['$${tasks.t0.result}', '${tasks.undo.t1.result}', 7] };
  const params = {
    id: '${tasks.t1.result.id}',
    all: '${tasks.t1.result.more}',
    key: '${secrets.key}',
    gone: '${tasks.t1.result.no}',
  };
  const chainId = await running([undo(1, params, [1])], [{}, hostile]);
  await fail(chainId);
  const [{ params: put }] = (await undone()) as [{ params: unknown }];
  expect(put).toEqual({
    ...{ id: '$${secrets.key}', key: '${secrets.key}', gone: '${tasks.t1.result.no}' },
    all: ['$$${tasks.t0.result}', '$${tasks.undo.t1.result}', 7],
  });
});

it('a name is cut where a character ends', async () => {
  const chainId = await running([undo(0, {})], [{}]);
  await sql(`UPDATE task_chains SET chain_name = '${'😀'.repeat(121)}'`);
  await fail(chainId);
  expect((await chains())[1]).toMatchObject({ chain_name: `Compensation: ${'😀'.repeat(120)}` });
});

it('results are put in as long as there is room, and the chain ends in any case', async () => {
  const reference = '${tasks.t0.result.x}';
  const params = (count: number) => ({ list: Array.from({ length: count }, () => reference) });
  const chainId = await running(
    [undo(0, params(3), [0]), undo(1, params(200), [0]), undo(2, params(2), [0])],
    [...[{ x: 'y'.repeat(60_000) }, {}, {}]],
  );
  await fail(chainId);
  const put = (await undone()).map((row) => (row['params'] as { list: string[] }).list.map((each) => each.length));
  const short = reference.length;
  expect(put).toEqual([[60_000, 60_000], Array.from({ length: 200 }, () => short), [short, short, short]]);
});

it('a chain that is cancelled is undone; one that succeeds, or has done nothing, is not', async () => {
  const cancelled = await running([undo(0, {})], [{}]);
  expect(await commandChain(api, cancelled, { kind: 'CancelChain' })).toMatchObject({
    kind: 'done',
    status: 'CANCELLED',
  });
  expect(await chains()).toMatchObject([{ status: 'CANCELLED' }, { compensates: cancelled }]);
  await sql('TRUNCATE task_chains, task_requests CASCADE');
  const idle = await running([undo(3, {})], [{}]);
  await commandChain(api, idle, { kind: 'CancelChain' });
  expect(await chains()).toMatchObject([{ compensated_by: null }]);
});

it('of two that end it at once, one does, and one chain undoes it', async () => {
  const chainId = await running([undo(0, {})], [{}, {}, {}]);
  const both = [engineOf(), engineOf()].map((engine) => fail(chainId, engine));
  await Promise.all([...both, commandChain(api, chainId, { kind: 'CancelChain' })]);
  expect(await chains()).toHaveLength(2);
});

it('a chain that is undone cannot go on', async () => {
  const chainId = await running([undo(0, {})], [{}, {}, {}]);
  await fail(chainId);
  expect(await commandChain(api, chainId, { kind: 'RetryChain', includeDownstream: true })).toMatchObject({
    ...{ kind: 'refused', refusal: { refused: 'CHAIN_COMPENSATED', status: 'FAILURE' } },
  });
});

it('nothing of it is left where the chain that undoes it cannot be stored', async () => {
  const chainId = await running([undo(0, {})], [{}, {}, {}]);
  await sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$`);
  await sql(`CREATE TRIGGER refuse BEFORE INSERT ON chain_dependencies FOR EACH STATEMENT EXECUTE FUNCTION refuse()`);
  try {
    await expect(fail(chainId)).rejects.toThrow('no room');
    expect(await chains()).toMatchObject([{ status: 'RUNNING', compensated_by: null }]);
  } finally {
    await sql('DROP FUNCTION refuse CASCADE');
  }
  await fail(chainId);
  expect(await chains()).toHaveLength(2);
});
