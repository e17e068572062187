import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { useTestDatabase } from '#libs/testing';
import { openDatabase, type Database } from '../database.js';
import { engineQueries } from '../engine-queries.js';
import { WebhookRepository } from '../webhook.repository.js';
import { storeChain } from './waits-for-tests.js';

const webhooks = new WebhookRepository();

describe('notices and deliveries', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = await openDatabase(database.url)));
  const sql = <Row>(text: string, values: unknown[] = []): Promise<Row[]> => db.query<Row>({ name: '', text }, values);
  beforeEach(() => sql('TRUNCATE task_chains, task_requests, outbox, webhooks, webhook_deliveries CASCADE'));

  async function endpoint(id: string, columns: object = {}): Promise<void> {
    const all = {
      webhook_id: id,
      tenant_id: 'default',
      url: 'https://example.org',
      secret: `secret-${id}`,
      events: [],
      ...columns,
    };
    const names = Object.keys(all);
    await sql(
      `INSERT INTO webhooks (${names.join(', ')}) VALUES (${names.map((_, i) => `$${i + 1}`).join(', ')})`,
      Object.values(all),
    );
  }
  const notice = (type: string, chain: string, tenant = 'default'): Promise<unknown> =>
    sql(`INSERT INTO outbox (tenant_id, kind, payload) VALUES ($1, 'NOTICE', $2)`, [
      tenant,
      JSON.stringify({ type, data: { chain_id: chain } }),
    ]);
  const deliveries = (): Promise<{ tenant_id: string; webhook_id: string; event_type: string; chain: string }[]> =>
    sql(`SELECT tenant_id, webhook_id, event_type, payload -> 'data' ->> 'chain_id' AS chain
           FROM webhook_deliveries ORDER BY id, webhook_id`);

  test('keep the loops awake, as an open chain and a run that was left do, and nothing else', async () => {
    const idle = (): Promise<boolean> => engineQueries.isIdle(db);
    await storeChain(db, 'c', {
      done: { status: `'SUCCESS'` },
      run: { status: `'RUNNING'`, attempt: '1', run_id: `'r'`, lease_until: 'now()' },
    });
    expect(await idle()).toBe(false);
    await sql(`UPDATE task_chains SET status = 'FAILURE'`);
    expect(await idle()).toBe(false);
    await sql(`UPDATE chain_tasks SET status = 'FAILURE', lease_until = NULL`);
    await endpoint('all');
    expect(await idle()).toBe(true);
    for (const status of ['PENDING', 'RUNNING', 'PAUSED']) {
      await sql('UPDATE task_chains SET status = $1', [status]);
      expect([status, await idle()]).toEqual([status, false]);
    }
    await sql(`UPDATE task_chains SET status = 'SUCCESS'`);
    await notice('chain.success', 'c');
    expect(await idle()).toBe(false);
    await webhooks.spread(db, 9);
    expect(await idle()).toBe(false);
    await sql(`UPDATE webhook_deliveries SET status = 'DELIVERED'`);
    expect(await idle()).toBe(true);
  });

  test('go to the endpoints of the chain’s tenant that are on, and want its event', async () => {
    await endpoint('all');
    await endpoint('failures', { events: ['chain.failure', 'chain.approval'] });
    await endpoint('successes', { events: ['chain.success'] });
    await endpoint('off', { enabled: false });
    await endpoint('removed', { deleted_at: new Date() });
    await endpoint('of-acme', { tenant_id: 'acme' });
    await notice('chain.success', 'c');
    await webhooks.spread(db, 9);
    const heard = { tenant_id: 'default', event_type: 'chain.success', chain: 'c' };
    expect((await deliveries()).map(({ webhook_id: id }) => id).sort()).toEqual(['all', 'successes']);
    expect((await deliveries())[0]).toMatchObject(heard);
    await sql('DELETE FROM webhook_deliveries');
    await notice('chain.failure', 'a', 'acme');
    await webhooks.spread(db, 9);
    expect(await deliveries()).toEqual([
      { tenant_id: 'acme', webhook_id: 'of-acme', event_type: 'chain.failure', chain: 'a' },
    ]);
  });

  test('of held chains and failed tasks go where they are named, with name, error and link', async () => {
    const error = { code: 'TASK_FAILED', message: 'm' };
    await storeChain(db, 'c', {}, { columns: { chain_name: `'风控'`, error: `'${JSON.stringify(error)}'` } });
    await endpoint('all');
    await endpoint('named', { events: ['chain.held', 'task.failure', 'chain.failure'] });
    const failed = { chain_id: 'c', task_id: 't', error: { code: 'X', message: 'x' } };
    for (const [type, data] of [
      ['task.failure', failed],
      ['chain.held', failed],
      ['chain.failure', { chain_id: 'c' }],
      ['chain.success', { chain_id: 'gone' }],
    ] as const) {
      await sql(`INSERT INTO outbox (kind, payload) VALUES ('NOTICE', $1)`, [JSON.stringify({ type, data })]);
    }
    expect(await webhooks.spread(db, 9, 'https://tc.example')).toHaveLength(2);
    const got = await sql(`SELECT webhook_id, event_type, payload -> 'data' AS data FROM webhook_deliveries
                            ORDER BY webhook_id, id`);
    const base = 'https://tc.example/api/v1/chains';
    const named = { chain_name: '风控', link: `${base}/c` };
    expect(got).toEqual([
      { webhook_id: 'all', event_type: 'chain.failure', data: { chain_id: 'c', ...named, error } },
      { webhook_id: 'all', event_type: 'chain.success', data: { chain_id: 'gone', link: `${base}/gone` } },
      { webhook_id: 'named', event_type: 'task.failure', data: { ...failed, ...named, link: `${base}/c/tasks/t` } },
      { webhook_id: 'named', event_type: 'chain.held', data: { ...failed, ...named, link: `${base}/c/tasks/t` } },
      { webhook_id: 'named', event_type: 'chain.failure', data: { chain_id: 'c', ...named, error } },
    ]);
  });

  test('say how each chain ended, once, the first so many', async () => {
    const times = { started_at: `now() - interval '90 s'`, completed_at: 'now()' };
    const failed = { ...times, status: `'FAILURE'`, error: `'{"code": "TASK_FAILED"}'` };
    await storeChain(db, 'ok', { one: { status: `'SUCCESS'` } }, { columns: { ...times, status: `'SUCCESS'` } });
    await storeChain(db, 'bad', { one: { status: `'FAILURE'` } }, { columns: failed });
    await storeChain(
      db,
      'stepped',
      {},
      {
        columns: { status: `'CANCELLED'`, started_at: 'now()', completed_at: `now() - interval '1 h'` },
      },
    );
    await notice('chain.success', 'ok');
    await notice('chain.failure', 'bad');
    await notice('chain.cancelled', 'stepped');
    await notice('chain.approval', 'ok');
    await notice('chain.success', 'deleted');
    await sql(`INSERT INTO outbox (kind, payload) VALUES ('AUDIT', '{}')`);
    expect(await webhooks.spread(db, 1)).toEqual([
      { status: 'SUCCESS', total_tasks: 1, error_code: null, seconds: 90 },
    ]);
    const ended = await webhooks.spread(db, 9);
    expect(ended.sort((a, b) => a.status.localeCompare(b.status))).toEqual([
      { status: 'CANCELLED', total_tasks: 0, error_code: null, seconds: 0 },
      { status: 'FAILURE', total_tasks: 1, error_code: 'TASK_FAILED', seconds: 90 },
      { status: 'SUCCESS', total_tasks: null, error_code: null, seconds: null },
    ]);
    expect(await webhooks.spread(db, 9)).toEqual([]);
    expect(await sql('SELECT kind FROM outbox')).toEqual([{ kind: 'AUDIT' }]);
  });

  test('are taken by one listener alone, and waited for by none', async () => {
    await endpoint('all');
    await notice('chain.success', 'a');
    await notice('chain.failure', 'b');
    await db.transaction(async (tx) => {
      expect(await tx.query({ name: '', text: `SELECT FROM outbox ORDER BY id LIMIT 1 FOR UPDATE` })).toHaveLength(1);
      expect(await webhooks.spread(db, 9)).toMatchObject([{ status: 'FAILURE' }]);
    });
    expect(await webhooks.spread(db, 9)).toMatchObject([{ status: 'SUCCESS' }]);
    await db.transaction(async (tx) => {
      await tx.query({ name: '', text: `SELECT FROM webhook_deliveries ORDER BY id LIMIT 1 FOR UPDATE` });
      expect(await webhooks.take(db, 9, 60_000)).toMatchObject([{ payload: { type: 'chain.success' } }]);
    });
    expect(await webhooks.take(db, 9, 60_000)).toMatchObject([{ payload: { type: 'chain.failure' } }]);
  });

  test('are due once, the first so many, to endpoints that are on', async () => {
    for (const id of ['on', 'off', 'removed']) await endpoint(id);
    await sql(`INSERT INTO webhook_deliveries (webhook_id, message_id, event_type, payload, status, next_attempt_at)
      SELECT webhook_id, webhook_id || n, 'chain.success', '{}', status, now() + n * interval '1 s'
        FROM webhooks, (VALUES (-3, 'PENDING'), (-2, 'PENDING'), (-1, 'DELIVERED'), (60, 'PENDING')) AS v(n, status)`);
    await sql(`UPDATE webhooks SET enabled = false WHERE webhook_id = 'off'`);
    await sql(`UPDATE webhooks SET deleted_at = now() WHERE webhook_id = 'removed'`);
    const on = { webhook_id: 'on', url: 'https://example.org', secret: 'secret-on', tries: 1 };
    expect(await webhooks.take(db, 1, 60_000)).toMatchObject([{ ...on, message_id: 'on-3' }]);
    expect(await webhooks.take(db, 9, 60_000)).toMatchObject([{ ...on, message_id: 'on-2' }]);
    expect(await webhooks.take(db, 9, 60_000)).toEqual([]);
  });

  test('of a webhook are listed newest first, before a row, and given up when it is switched off', async () => {
    for (const id of ['one', 'two']) await endpoint(id);
    await sql(`INSERT INTO webhook_deliveries (webhook_id, message_id, event_type, payload, status)
      SELECT webhook_id, webhook_id || n, 'chain.success', '{}', CASE WHEN n = 2 THEN 'DELIVERED' ELSE 'PENDING' END
        FROM generate_series(1, 3) AS n, webhooks ORDER BY n, webhook_id`);
    const mine = db.forTenant('default');
    const all = await webhooks.deliveries(mine, 'one', 1e9, 9);
    expect(all.map(({ message_id: id }) => id)).toEqual(['one3', 'one2', 'one1']);
    expect(await webhooks.deliveries(mine, 'one', all[0]!.id, 1)).toEqual([all[1]]);
    await webhooks.disable(mine, 'one', 'gone');
    expect(await sql('SELECT message_id, status, error FROM webhook_deliveries ORDER BY message_id')).toEqual([
      { message_id: 'one1', status: 'FAILED', error: 'gone' },
      { message_id: 'one2', status: 'DELIVERED', error: null },
      { message_id: 'one3', status: 'FAILED', error: 'gone' },
      { message_id: 'two1', status: 'PENDING', error: null },
      { message_id: 'two2', status: 'DELIVERED', error: null },
      { message_id: 'two3', status: 'PENDING', error: null },
    ]);
    expect(await sql('SELECT webhook_id, enabled FROM webhooks ORDER BY webhook_id')).toEqual([
      { webhook_id: 'one', enabled: false },
      { webhook_id: 'two', enabled: true },
    ]);
  });
});

describe('the outbox', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  beforeAll(async () => void (db = await openDatabase(database.url)));
  const sql = <Row>(text: string): Promise<Row[]> => db.query<Row>({ name: '', text });
  const names = (rows: readonly { payload: unknown }[]): unknown[] =>
    rows.map(({ payload }) => (payload as { n: string }).n).sort();
  beforeEach(async () => {
    await sql('TRUNCATE outbox');
    await sql(`INSERT INTO outbox (kind, payload, tries, available_at) VALUES
      ('STOP', '{"n": "second"}', 0, now() + interval '1 h'), ('STOP', '{"n": "first"}', 0, now() - interval '1 h'),
      ('STOP', '{"n": "hidden"}', 1, now() + interval '1 h'), ('STOP', '{"n": "again"}', 1, now() - interval '1 min'),
      ('REMOVE_ARTIFACTS', '{"n": "other"}', 0, now())`);
  });
  const take = async (limit: number): Promise<unknown[]> =>
    names(await engineQueries.takeOutbox(db, 'STOP', limit, 60_000));

  test('gives rows of a kind that are new or due, the first so many, and hides them', async () => {
    expect(await take(1)).toEqual(['first']);
    expect(await take(9)).toEqual(['again', 'second']);
    expect(await take(9)).toEqual([]);
    expect(names(await engineQueries.takeOutbox(db, 'REMOVE_ARTIFACTS', 9, 60_000))).toEqual(['other']);
  });

  test('waits for no row that another listener takes', async () => {
    await db.transaction(async (tx) => {
      await tx.query({ name: '', text: `SELECT FROM outbox WHERE payload ->> 'n' = 'first' FOR UPDATE` });
      expect(await take(9)).toEqual(['again', 'second']);
    });
  });

  test('forgets what is done, and nothing else', async () => {
    const done = await engineQueries.takeOutbox(db, 'STOP', 1, 60_000);
    await engineQueries.deleteOutbox(
      db,
      done.map(({ id }) => id),
    );
    expect(names(await sql('SELECT payload FROM outbox'))).toEqual(['again', 'hidden', 'other', 'second']);
  });
});
