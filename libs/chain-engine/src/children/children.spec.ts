import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { withConnection } from '#libs/local-postgres';
import type { TaskJob } from '#libs/queues';
import { engineQueries, openDatabase, type Database } from '#libs/repositories';
import { sampleNewChain, useTestDatabase } from '#libs/testing';
import { deliverSignals } from '../apply/deliver-signals.js';
import { taskWork } from '../apply/decide-work.js';
import { ChainEngine } from '../chain-engine.js';
import { commandChain, createChain, type OperatorCommand } from '../commands/commands.js';
import type { ChildPlan, NewChain } from '../commands/new-chain.js';
import { Dispatcher } from '../dispatch/dispatcher.js';
import { makeEngineMetrics } from '../metrics.js';
import { reconcileTimeouts } from '../reconcile/timeouts.js';
import { followChildren } from './follow-children.js';

let api: Database;
let db: Database;
afterAll(() => Promise.all([api.close(), db.close()]));
const database = useTestDatabase();
beforeAll(async () => {
  api = (await openDatabase(database.url, { max: 2 })).forTenant('default');
  db = await openDatabase(database.url, { max: 4 });
});

const nothing = (): void => undefined;
const sql = async (text: string): Promise<Record<string, unknown>[]> =>
  (await withConnection(database.url, (client) => client.query(text))).rows as Record<string, unknown>[];

let sent: TaskJob[];
let errors: object[];
let engine: ChainEngine;
beforeEach(async () => {
  await sql('TRUNCATE task_chains, task_requests, outbox, repairs, signals CASCADE');
  [sent, errors] = [[], []];
  const queues = { send: async (jobs: readonly TaskJob[]) => void sent.push(...jobs) };
  const log = { info: nothing, warn: nothing, error: (data: object) => void errors.push(data) };
  engine = new ChainEngine(db, queues as never, makeEngineMetrics(new Registry()), log);
  engine.capacity.refresh([{ task_type: 'diagnostic', slots: '99', in_flight: 0, tenants: [], shared: false }]);
});

const repeat = { until: 'false', max: 2, delayMs: 0, carry: {} };
async function dispatch(): Promise<void> {
  engine.capacity.expectAll();
  await new Dispatcher(engine).dispatchReady();
}

/** A chain whose first task runs another one, which has one task. */
async function parent(
  child: Partial<ChildPlan> = {},
  more: Partial<NewChain> = {},
  ...after: NewChain['tasks']
): Promise<string> {
  const made = sampleNewChain(after.length === 0 ? [[]] : [[], [0]]);
  const plan = { chain: sampleNewChain([[]]), open: {}, ...child };
  const created = await createChain(api, {
    ...{ ...made, ...more },
    tasks: [{ ...made.tasks[0]!, taskType: 'chain', child: plan }, ...after],
  });
  await dispatch();
  return created.kind === 'created' ? created.chain.chain_id : '';
}
/** Ends the task of the child that was sent last. */
const endJob = (result: object = {}, job = sent.at(-1)!): Promise<unknown> => endJobs([job], result);
const endJobs = (jobs: readonly TaskJob[], result: object = {}): Promise<unknown> =>
  engine.applyAndSend(
    taskWork(jobs, ({ attempt }, position) => ({
      event: { kind: 'TaskSucceeded', position, attempt, runId: 'r' },
      report: { result, workerId: 'w', elapsedMs: 1 } as never,
    })),
  );
const command = (id: string, what: OperatorCommand) => commandChain(api, id, what);
const chainsOf = (id: string) =>
  sql(
    `SELECT *, extract(epoch FROM deadline_at - now())::float8 AS left_s FROM task_chains WHERE parent_chain_id = '${id}' ORDER BY id`,
  );
const taskOf = async (id: string) =>
  (
    await sql(`SELECT *, next_attempt_at > now() + interval '50 s' AS waits FROM chain_tasks WHERE chain_id = '${id}'`)
  )[0]!;

describe('a child', () => {
  it('has the rights, the tenant and no more time than the chain around it', async () => {
    const id = await parent({}, { timeoutSeconds: 100, createdBy: 'key:1' });
    const [child] = await chainsOf(id);
    expect(child).toMatchObject({ created_by: 'key:1', by_admin: false, tenant_id: 'default', timeout_seconds: 100 });
    const admins = await parent({ chain: { ...sampleNewChain([[]]), timeoutSeconds: 7 } }, { byAdmin: true });
    expect((await chainsOf(admins))[0]).toMatchObject({ by_admin: true, timeout_seconds: 7 });
  });

  it('belongs to the schedule of the outermost chain around it', async () => {
    const id = await parent();
    const [child] = await chainsOf(id);
    const originOf = (chainId: string) =>
      db.transaction(async (tx) => (await engineQueries.lastChild(tx, chainId, 0, {})).origin);
    expect(await originOf(String(child!['chain_id']))).toBe(`chain:${id}`);
    await sql(`UPDATE task_chains SET schedule_id = 'nightly' WHERE chain_id = '${id}'`);
    expect(await originOf(String(child!['chain_id']))).toBe('schedule:nightly');
  });

  it('takes from the time of the chain around it what it used up', async () => {
    const { tasks } = sampleNewChain([[], [0]]);
    const id = await parent({}, { timeoutSeconds: 1_000 }, tasks[1]!);
    await sql(`UPDATE task_chains SET deadline_at = deadline_at - interval '300 s' WHERE parent_chain_id = '${id}'`);
    engine.cache.clear();
    await endJob();
    const [left] = await sql(
      `SELECT status, extract(epoch FROM deadline_at - now())::float8 AS seconds FROM task_chains WHERE chain_id = '${id}'`,
    );
    expect(left!['status']).toBe('RUNNING');
    expect(left!['seconds']).toBeLessThan(701);
    expect(left!['seconds']).toBeGreaterThan(500);
  });

  it('fails its task with what became of it', async () => {
    const cancelled = await parent();
    const [child] = await chainsOf(cancelled);
    await command(child!['chain_id'] as string, { kind: 'CancelChain' });
    await followChildren(engine);
    expect(await taskOf(cancelled)).toMatchObject({ status: 'FAILURE', error: { code: 'CHILD_CANCELLED' } });
    const outputs = { all: { task_id: 't0', path: [] } };
    const large = await parent({ chain: { ...sampleNewChain([[]]), outputs } });
    await endJob({ text: 'x'.repeat(66_000) });
    expect(await taskOf(large)).toMatchObject({ status: 'FAILURE', error: { code: 'RESULT_TOO_LARGE' } });
  });

  it('follows pause, resume and priority, and stays paused where an operator paused it', async () => {
    const id = await parent();
    const child = (await chainsOf(id))[0]!['chain_id'] as string;
    const status = async () => (await chainsOf(id))[0]!['status'];
    await command(id, { kind: 'PauseChain' });
    await followChildren(engine);
    expect(await status()).toBe('PAUSED');
    await command(id, { kind: 'ResumeChain' });
    await followChildren(engine);
    expect(await status()).toBe('RUNNING');
    await command(child, { kind: 'PauseChain' });
    await followChildren(engine);
    expect(await status()).toBe('PAUSED');
    await command(id, { kind: 'SetPriority', priority: 9 });
    await followChildren(engine);
    expect([await status(), (await taskOf(child))['priority']]).toEqual(['PAUSED', 9]);
  });
});

describe('turns', () => {
  it('are as many as max says, each after its delay', async () => {
    const id = await parent({ repeat: { ...repeat, delayMs: 60_000 } });
    await endJob();
    expect(await taskOf(id)).toMatchObject({ status: 'RETRYING', attempt: 1, waits: true });
    await sql(`UPDATE chain_tasks SET next_attempt_at = now() WHERE chain_id = '${id}'`);
    await new Dispatcher(engine).promoteDue();
    await dispatch();
    await endJob();
    expect(await taskOf(id)).toMatchObject({ status: 'FAILURE', attempt: 2, error: { code: 'TURNS_EXHAUSTED' } });
    expect((await chainsOf(id)).map((turn) => turn['parent_turn'])).toEqual([1, 2]);
  });
});

describe('the turn after one', () => {
  it('gets the same values whether this process made that one or reads it', async () => {
    const outputs = {
      item: { task_id: 't1', path: ['list', '-1', 'name'] },
      none: { task_id: 't1', path: ['list', 'x'] },
      early: { task_id: 't0', path: ['deep', '0'] },
      all: { task_id: 't1', path: [] },
    };
    const names = Object.keys(outputs);
    const valuesOf = (of: (name: string) => unknown) => Object.fromEntries(names.map((name) => [name, of(name)]));
    const made = sampleNewChain([[], [0]]);
    const params = { task_config: valuesOf((name) => `\${params.${name}}`) };
    const chain = { ...made, outputs, tasks: made.tasks.map((task) => ({ ...task, params })) };
    const child = {
      ...{ chain, open: valuesOf(() => ({ default: null })) as ChildPlan['open'] },
      repeat: { ...repeat, carry: valuesOf((name) => name) as Record<string, string> },
    };
    const got = async (isRead: boolean) => {
      const id = await parent(child);
      await endJob({ deep: [[1.5, null]] });
      if (isRead) engine.cache.clear();
      await endJob({ list: [{ name: 'a' }, { name: { b: 2, a: '1' } }] });
      return sql(`SELECT t.task_id, t.timeout_seconds, t.status, r.params, c.parent_turn, c.timeout_seconds AS seconds
                    FROM task_chains c JOIN chain_tasks t USING (chain_id) JOIN task_requests r USING (task_request_id)
                   WHERE c.parent_chain_id = '${id}' ORDER BY c.id, t.execution_order`);
    };
    const known = await got(false);
    expect(known[2]).toMatchObject({
      parent_turn: 2,
      params: { task_config: { item: { b: 2, a: '1' }, none: null, early: [1.5, null] } },
    });
    expect(known).toEqual(await got(true));
  });

  it.each(['parent', 'turn'])('begins once where its %s has changed meanwhile', async (which) => {
    const id = await parent({ repeat: { ...repeat, max: 9 } });
    await endJob();
    const [, second] = await chainsOf(id);
    const changed = which === 'parent' ? id : String(second!['chain_id']);
    // The engine does not know of this.
    await command(changed, { kind: 'SetPriority', priority: 7 });
    await endJob();
    expect((await chainsOf(id)).map((turn) => [turn['status'], turn['parent_attempt']])).toEqual([
      ['SUCCESS', 1],
      ['SUCCESS', 2],
      ['RUNNING', 3],
    ]);
    expect([await taskOf(id), sent.length, errors]).toMatchObject([{ attempt: 3, hold: 'CHILD' }, 3, []]);
  });

  it('may read what the last one wrote', async () => {
    const outputs = { file: { task_id: 't0', path: ['file'] } };
    const made = sampleNewChain([[]]);
    const tasks = [{ ...made.tasks[0]!, params: { task_config: { file: '${params.file}' } } }];
    const id = await parent({
      ...{ chain: { ...made, outputs, tasks }, open: { file: { 'x-artifact': true, default: [] } } },
      repeat: { ...repeat, carry: { file: 'file' } },
    });
    const [job] = sent as [TaskJob];
    const file = [`artifact:${job.chainId}/t0/f`];
    const artifacts = [{ name: 'f', mediaType: 'text/plain', sizeBytes: 1, sha256: '0'.repeat(64) }];
    const succeeded = { kind: 'TaskSucceeded', attempt: 1, runId: 'r' } as const;
    await engine.applyAndSend(
      taskWork([job], (_, position) => ({
        event: { ...succeeded, position },
        report: { result: { file } },
        artifacts,
      })),
    );
    expect((await chainsOf(id)).map(({ status }) => status)).toEqual(['SUCCESS', 'RUNNING']);
    expect(sent[1]).toMatchObject({ params: { task_config: { file } }, handed: file });
  });
});

describe('a chain whose rows make no sense', () => {
  const held = () => sql('SELECT kind, chain_id, data FROM repairs ORDER BY chain_id');
  const spoil = (id: string) =>
    sql(`UPDATE task_requests SET child = '{"repeat": null}'
          WHERE task_request_id IN (SELECT task_request_id FROM chain_tasks WHERE chain_id = '${id}')`);

  it('keeps no other from the end of its child, and is held once', async () => {
    const [broken, whole, last] = [await parent({ repeat }), await parent(), await parent()];
    await spoil(broken);
    // As if the process had died after each save.
    const parents = `'${[broken, whole, last].join("','")}'`;
    await sql(`UPDATE task_chains SET status = 'SUCCESS', time_left_ms = 1 WHERE parent_chain_id IN (${parents})`);
    await followChildren(engine);
    await followChildren(engine);
    expect([(await taskOf(whole))['status'], (await taskOf(last))['status']]).toEqual(['SUCCESS', 'SUCCESS']);
    expect(await taskOf(broken)).toMatchObject({ status: 'RETRYING', hold: 'CHILD' });
    expect(await held()).toMatchObject([{ kind: 'held-not-stored', chain_id: broken, data: { found: 'work' } }]);
    expect(errors).toHaveLength(1);
    expect((await engine.metrics.held.get()).values).toContainEqual(
      expect.objectContaining({ labels: { kind: 'not-stored' }, value: 1 }),
    );
  });

  it('sends nothing that a lost decision made, where its next turn begins beside it', async () => {
    const made = sampleNewChain([[], [], [1]]);
    const [loop, ...others] = made.tasks;
    const child = { chain: sampleNewChain([[]]), open: {}, repeat: { ...repeat, max: 9 } };
    const created = await createChain(api, { ...made, tasks: [{ ...loop!, taskType: 'chain', child }, ...others] });
    const id = created.kind === 'created' ? created.chain.chain_id : '';
    await dispatch();
    const own = sent.find(({ chainId, taskId }) => chainId === id && taskId === 't1')!;
    const turn = (): TaskJob => sent.findLast(({ chainId }) => chainId !== id)!;
    await endJob({}, turn());
    // The engine does not know of this.
    await command(id, { kind: 'SetPriority', priority: 7 });
    await endJobs([own, turn()]);
    expect((await chainsOf(id)).map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS', 'RUNNING']);
    expect(sent.filter(({ chainId, taskId }) => chainId === id && taskId === 't2')).toHaveLength(1);
  });

  it('loses no end of a turn whose parent is locked', async () => {
    const loop = await parent({ repeat: { ...repeat, max: 9 } });
    await endJob();
    await sql(`CREATE FUNCTION locked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no' USING ERRCODE = '55P03'; END $$;
               CREATE TRIGGER locked BEFORE UPDATE ON task_chains FOR EACH ROW
                 WHEN (NEW.chain_id = '${loop}') EXECUTE FUNCTION locked()`);
    await endJob();
    expect((await chainsOf(loop)).map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS']);
    await sql(`DROP TRIGGER locked ON task_chains`);
    await followChildren(engine);
    expect((await chainsOf(loop)).map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS', 'RUNNING']);
  });

  it('loses no end of a turn, which is stored beside it', async () => {
    const loop = await parent({ repeat: { ...repeat, max: 9 } });
    await endJob();
    const [, second] = await chainsOf(loop);
    // The next turn cannot be stored.
    await sql(`CREATE FUNCTION full_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
               CREATE TRIGGER full_up BEFORE INSERT ON task_chains FOR EACH ROW
                 WHEN (NEW.parent_chain_id = '${loop}') EXECUTE FUNCTION full_up()`);
    await endJob();
    expect((await chainsOf(loop)).map(({ chain_id: id, status }) => [id, status]).at(-1)).toEqual([
      second!['chain_id'],
      'SUCCESS',
    ]);
    expect(await held()).toMatchObject([{ kind: 'held-not-stored', chain_id: loop }]);
    await sql(`DROP TRIGGER full_up ON task_chains`);
    await followChildren(engine);
    expect((await chainsOf(loop)).map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS', 'RUNNING']);
  });

  it('keeps no other from the end of a wait, or from its signal', async () => {
    const made = sampleNewChain([[]]);
    const tasksOf = async (taskType: string, config: object): Promise<[string, string]> => {
      const ids: string[] = [];
      for (let each = 0; each < 2; each++) {
        const created = await createChain(api, {
          ...made,
          tasks: [{ ...made.tasks[0]!, taskType, params: { task_config: config } }],
        });
        ids.push(created.kind === 'created' ? created.chain.chain_id : '');
        await dispatch();
      }
      return ids as [string, string];
    };
    const [brokenWait, wait] = await tasksOf('wait', { seconds: 0 });
    const [brokenSignal, signal] = await tasksOf('signal', { name: 'go', key: 'k' });
    // Nothing of them can be stored.
    await sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
               CREATE TRIGGER refuse BEFORE UPDATE ON chain_tasks FOR EACH ROW
                 WHEN (OLD.chain_id IN ('${brokenWait}', '${brokenSignal}')) EXECUTE FUNCTION refuse()`);
    await sql(`INSERT INTO signals (signal_id, tenant_id, name, key, payload, expires_at)
               SELECT 'signal-' || n, 'default', 'go', 'k', '{}', now() + interval '1 h' FROM generate_series(1, 2) AS n`);
    await reconcileTimeouts(engine);
    await deliverSignals(engine);
    expect([(await taskOf(wait))['status'], (await taskOf(signal))['status']]).toEqual(['SUCCESS', 'SUCCESS']);
    expect((await held()).map((row) => row['chain_id'])).toEqual([brokenWait, brokenSignal].sort());
  });
});
