import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { withConnection } from '#libs/local-postgres';
import { openDatabase, type Database } from '#libs/repositories';
import { sampleNewChain, useTestDatabase } from '#libs/testing';
import { taskWork } from '../apply/decide-work.js';
import { ChainEngine } from '../chain-engine.js';
import { makeEngineMetrics } from '../metrics.js';
import { reconcileTimeouts } from '../reconcile/timeouts.js';
import { commandChain, createChain, decideApproval, type OperatorCommand } from './commands.js';

let db: Database;
afterAll(() => db.close());
const database = useTestDatabase();
beforeAll(async () => void (db = (await openDatabase(database.url, { max: 4 })).forTenant('default')));

const nothing = () => undefined;
const engine = (): ChainEngine =>
  new ChainEngine(db, {} as never, makeEngineMetrics(new Registry()), { info: nothing, warn: nothing, error: nothing });
const sql = async (text: string): Promise<Record<string, unknown>[]> =>
  (await withConnection(database.url, (client) => client.query(text))).rows as Record<string, unknown>[];
const tasks = () => sql('SELECT status, hold, error FROM chain_tasks ORDER BY execution_order');

/** A chain of one task for which the worker has reported that an owner must approve it. */
async function waiting(): Promise<string> {
  await sql('TRUNCATE task_chains, task_requests, outbox CASCADE');
  const created = await createChain(db, sampleNewChain([[]]));
  if (created.kind !== 'created') throw new Error(created.kind);
  const chainId = created.chain.chain_id;
  await sql(
    `UPDATE chain_tasks SET status = 'RUNNING', attempt = 1, run_id = 'r1', lease_until = now() + interval '1 h'`,
  );
  const [row] = await sql('SELECT task_request_id FROM chain_tasks');
  const error = { code: 'APPROVAL_REQUIRED', message: 'no policy', details: { party: 'bank-b', task: 'sha256:1' } };
  await engine().applyAndSend(
    taskWork([{ chainId, taskRequestId: row!['task_request_id'] as string }], (_, position) => ({
      event: { kind: 'TaskFailed', position, attempt: 1, runId: 'r1', error, retryable: false, random: 0 },
    })),
  );
  return chainId;
}

it('a task waits for an approval with its chain’s clock standing, and webhooks learn of it once', async () => {
  const chainId = await waiting();
  expect(await tasks()).toMatchObject([{ status: 'RETRYING', hold: 'APPROVAL', error: { code: 'APPROVAL_REQUIRED' } }]);
  expect(await sql('SELECT deadline_at, time_left_ms > 0 AS stands FROM task_chains')).toEqual([
    { deadline_at: null, stands: true },
  ]);
  expect(await sql(`SELECT payload FROM outbox WHERE kind = 'NOTICE'`)).toMatchObject([
    { payload: { type: 'chain.approval', data: { chain_id: chainId, task_id: 't0', party: 'bank-b' } } },
  ]);
});

it('an approval makes it READY and starts the clock, with an entry for the audit log', async () => {
  const chainId = await waiting();
  const decided = { chainId, taskId: 't0', decision: 'approve', words: '' } as const;
  const caller = { actor: 'key', address: null, request_id: null } as never;
  expect(await decideApproval(db, decided, caller)).toMatchObject({ kind: 'done', changes: [{ to: 'READY' }] });
  expect(await tasks()).toEqual([{ status: 'READY', hold: null, error: null }]);
  expect(await sql('SELECT deadline_at > now() AS runs, time_left_ms FROM task_chains')).toEqual([
    { runs: true, time_left_ms: null },
  ]);
  expect(await sql(`SELECT payload FROM outbox WHERE kind = 'AUDIT'`)).toMatchObject([
    { payload: { action: 'decideApproval', target: chainId, details: { task_id: 't0', decision: 'approve' } } },
  ]);
});

it('an approval that comes while its task is dispatched lets it try again', async () => {
  await sql('TRUNCATE task_chains, task_requests, outbox CASCADE');
  const created = await createChain(db, sampleNewChain([[]]));
  if (created.kind !== 'created') throw new Error(created.kind);
  const decided = { chainId: created.chain.chain_id, taskId: 't0', decision: 'approve', words: '' } as const;
  await withConnection(database.url, async (listener) => {
    await listener.query('BEGIN');
    await listener.query('UPDATE task_chains SET version = version + 1');
    await listener.query(`UPDATE chain_tasks SET status = 'QUEUED', attempt = 1, lease_until = now() + interval '1 h'`);
    const approved = db.transaction((tx) => decideApproval(tx, decided));
    const isLocked = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    let isDecided = false;
    void approved.finally(() => (isDecided = true));
    while (!isDecided && (await sql(isLocked)).length === 0) await delay(20);
    await listener.query('COMMIT');
    expect(await approved).toMatchObject({ kind: 'done' });
  });
  expect(await sql('SELECT status, approved_attempt FROM chain_tasks')).toEqual([
    { status: 'QUEUED', approved_attempt: 1 },
  ]);
});

it('a refusal fails it with the words of the owner', async () => {
  const chainId = await waiting();
  await decideApproval(db, { chainId, taskId: 't0', decision: 'refuse', words: 'not for marketing' });
  expect(await tasks()).toMatchObject([
    { status: 'FAILURE', error: { code: 'POLICY_REFUSED', message: 'not for marketing' } },
  ]);
});

it('without a decision in time it fails', async () => {
  await waiting();
  await reconcileTimeouts(engine());
  expect(await tasks()).toMatchObject([{ status: 'RETRYING' }]);
  await sql(`UPDATE chain_tasks SET next_attempt_at = now() - interval '1 s'`);
  await reconcileTimeouts(engine());
  expect(await tasks()).toMatchObject([{ status: 'FAILURE', error: { code: 'APPROVAL_EXPIRED' } }]);
});

it('without a decision in time it fails, also where PostgreSQL does not say what is overdue', async () => {
  await waiting();
  await sql(`UPDATE chain_tasks SET next_attempt_at = now() - interval '1 s'`);
  const whole = engine();
  const slow = Object.create(whole.db) as Database;
  slow.query = async (statement, values) => {
    if ((statement as { name: string }).name === 'overdue')
      throw new Error('canceling statement due to statement timeout');
    return whole.db.query(statement, values);
  };
  await reconcileTimeouts(Object.create(whole, { db: { value: slow } }) as ChainEngine);
  expect(await tasks()).toMatchObject([{ status: 'FAILURE', error: { code: 'APPROVAL_EXPIRED' } }]);
});

describe('a task that asks somebody to sign off', () => {
  const until = Date.now() + 3_600_000;
  const answer = (chainId: string, more: object = {}) =>
    commandChain(db, chainId, {
      ...{ kind: 'AnswerSignOff', taskId: 't0', asked: 1, decision: 'approve', words: '', result: { n: 1 } },
      ...more,
    } as OperatorCommand);

  /** A chain of one task that asks since its first attempt. */
  async function asking(): Promise<string> {
    await sql('TRUNCATE task_chains, task_requests, outbox CASCADE');
    const created = await createChain(db, sampleNewChain([[]]));
    if (created.kind !== 'created') throw new Error(created.kind);
    const chainId = created.chain.chain_id;
    await sql(
      `UPDATE chain_tasks SET task_type = 'sign_off', status = 'QUEUED', attempt = 1, lease_until = now() + interval '1 h'`,
    );
    const [row] = await sql('SELECT task_request_id FROM chain_tasks');
    const awaits = { question: 'May it?', who: ['role:admin'] };
    await engine().applyAndSend(
      taskWork([{ chainId, taskRequestId: row!['task_request_id'] as string }], (_, position) => ({
        event: { kind: 'TaskHeld', position, attempt: 1, hold: 'SIGN_OFF', until },
        report: { awaits },
      })),
    );
    return chainId;
  }

  it('has the clock of its chain stand, and webhooks hear of it', async () => {
    const chainId = await asking();
    expect(await tasks()).toMatchObject([{ status: 'RETRYING', hold: 'SIGN_OFF' }]);
    expect(await sql('SELECT deadline_at, time_left_ms > 0 AS stands FROM task_chains')).toEqual([
      { deadline_at: null, stands: true },
    ]);
    expect(await sql(`SELECT payload FROM outbox WHERE kind = 'NOTICE'`)).toMatchObject([
      { payload: { type: 'chain.sign_off', data: { chain_id: chainId, task_id: 't0' } } },
    ]);
  });

  it('takes one answer, to what it asks now', async () => {
    const chainId = await asking();
    const refused = { kind: 'refused', refusal: { refused: 'TASK_STATE_CONFLICT' } };
    expect(await answer(chainId, { asked: 2 })).toMatchObject(refused);
    const answers = await Promise.all([answer(chainId), answer(chainId, { decision: 'reject', result: { n: 2 } })]);
    expect(answers.map(({ kind }) => kind).sort()).toEqual(['done', 'refused']);
  });

  it('takes no answer once its time is over, whoever notices first', async () => {
    const chainId = await asking();
    await sql(`UPDATE chain_tasks SET next_attempt_at = now() - interval '1 ms'`);
    expect(await answer(chainId)).toMatchObject({ kind: 'refused', refusal: { refused: 'TASK_STATE_CONFLICT' } });
    await reconcileTimeouts(engine());
    expect(await tasks()).toMatchObject([{ status: 'FAILURE', error: { code: 'SIGN_OFF_EXPIRED' } }]);
  });
});
