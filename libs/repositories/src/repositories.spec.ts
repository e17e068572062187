import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import { useTestDatabase } from '#libs/testing';
import { ApiKeyRepository } from './api-key.repository.js';
import { sealAudit } from './audit.js';
import { AuditRepository } from './audit.repository.js';
import { ChainRepository } from './chain.repository.js';
import { openDatabase, type Database } from './database.js';
import { DutyRepository } from './duty.repository.js';
import { NodeConnectionRepository } from './node-connection.repository.js';
import { TenantRepository } from './tenant.repository.js';
import * as idempotency from './idempotency-keys.js';
import type { PooledDataSource } from './pooled-data-source.js';
import { SecretRepository } from './secret.repository.js';
import { SessionRepository } from './session.repository.js';
import { TaskHistoryRepository } from './task-history.repository.js';
import { ScheduleRepository, settleMade } from './schedule.repository.js';
import { TemplateRepository } from './template.repository.js';
import { WebhookRepository } from './webhook.repository.js';

const connections = new NodeConnectionRepository();
const keys = new ApiKeyRepository();
const history = new TaskHistoryRepository();
const duties = new DutyRepository();
const webhooks = new WebhookRepository();
const sessions = new SessionRepository();
const schedules = new ScheduleRepository();
const templates = new TemplateRepository();
const AT = '2026-01-31T12:00:00.000Z';
const CLAIM = { schedule_id: 's-1', tenant_id: 'default', due_at: AT };
const SCHEDULE = {
  ...{ schedule_id: 's-1', title: 'T', description: '', cron: null, time_zone: 'UTC', interval: 60, anchor: AT },
  ...{ at: null, template_id: null, version: null, chain: {}, params: {}, runs_as: 'me', overlap: 'skip' },
  ...{ catch_up: 1, jitter: 0, next_due_at: AT, on_dataset: null, on_chain_end: null, on_webhook: false },
};
const BY_ME = { template_id: 't-1', created_by: 'me' };
const TEMPLATE = { ...BY_ME, title: '风控', description: '', tags: ['risk'], shared_with: ['other'] };
const VERSION = { ...BY_ME, number: 1, chain: { chain_name: 'c' }, hash: 'sha256:0', note: null };

/** The messages of one connection, which pg's types leave out. */
type Wire = { connection: NodeJS.EventEmitter };

describe('repositories', () => {
  let api: Database;
  let db: Database;
  let engine: Database;
  afterAll(() => Promise.all([api.close(), engine.close()]));
  const database = useTestDatabase();
  /** Answers of the server, each the end of a round trip. */
  let roundTrips = 0;
  beforeAll(async () => {
    api = await openDatabase(database.url, { role: 'task_chain_api', max: 1 });
    engine = await openDatabase(database.url, { role: 'task_chain_engine', max: 2 });
    db = api.forTenant('default');
    const { pool } = api.entities.dataSource as PooledDataSource;
    pool.on('connect', (client: pg.PoolClient & Partial<Wire>) =>
      client.connection!.on('readyForQuery', () => roundTrips++),
    );
    await sql('SELECT 1');
  });
  const sql = (text: string): Promise<unknown> => db.query({ name: '', text });
  const key = { name: 'nightly', role: 'author', hash: Buffer.from('hash'), days: 90, party: null };

  const SESSION = {
    session_id: 'session-1',
    token_hash: Buffer.from('token'),
    key_hash: Buffer.from('hash'),
    identity: null,
    expires_at: new Date(Date.now() + 3_600_000).toISOString(),
  };

  const EVERYTHING: Record<string, () => Promise<unknown>> = {
    'insert a key': () => keys.insert(db, 'key-1', key, 'me'),
    'list keys': () => keys.list(db),
    'revoke a key': () => keys.revoke(db, 'key-1'),
    'restore a key': () => keys.restore(db, 'key-1'),
    'insert a session': () => sessions.insert(db, SESSION),
    'find a session': () => sessions.find(db, SESSION.token_hash),
    'remove a session': () => sessions.remove(db, 'session-1'),
    'remove expired sessions': () => sessions.removeExpired(db),
    'find a tenant': () => new TenantRepository().find(db, 'default'),
    'insert a webhook': () => webhooks.insert(db, 'hook-1', 'https://example.org', 'secret', ['chain.success']),
    'list webhooks': () => webhooks.list(db),
    'list deliveries': () => webhooks.deliveries(db, 'hook-1', 100, 10),
    'replay a delivery': () => webhooks.replay(db, 'hook-1', 1),
    'remove a webhook': () => webhooks.remove(db, 'hook-1'),
    'list secrets': () => new SecretRepository().list(db),
    'read a page of the audit log': () =>
      new AuditRepository().page(
        db,
        { actor: 'me', action: 'createKey', target: 'key-1', from: '2026-01-01T00:00:00Z', to: undefined, before: 9 },
        10,
      ),
    'insert a schedule': () => schedules.insert(db, SCHEDULE),
    'list schedules': () => schedules.page(db, { q: 'to be', paused: false }, 10, 0),
    'find a schedule': () => schedules.find(db, 's-1'),
    'change a schedule': () => schedules.change(db, 's-1', 1, { paused: false }),
    'count what waits by hand': () => schedules.waitingByHand(db, 's-1'),
    'add a run of a schedule': () => schedules.addRun(db, 's-1'),
    'read the last ticks': () => schedules.lastTicks(db, ['s-1']),
    'list ticks': () => schedules.ticks(db, 's-1', 10, AT),
    backfill: () => schedules.backfill(db, 's-1', [AT], true),
    'skip what waits': () => schedules.skipWaiting(db, 's-1', 'PAUSED', 'why', true),
    'count schedules of ends of chains': () => schedules.countOnChainEnd(db, 's-1'),
    'add an event of a dataset': () => schedules.addDatasetEvent(db, 'alice/a', 'dataset:alice/a@1', {}),
    'read the webhook of a schedule': () => schedules.webhook(db, 's-1'),
    'set the secret of a webhook': () => schedules.setWebhookSecret(db, 's-1', 'me', 'whsec_'),
    'count the deliveries of a schedule': () => schedules.deliveries(db, 's-1', 'msg_1'),
    'add a delivery': () => schedules.addDelivery(db, 's-1', 'msg_1', {}),
    'read the outputs of a chain': () => schedules.outputsOf(db, 'c'),
    'read a tick': () => schedules.tick(db, CLAIM),
    'postpone a tick': () => schedules.postpone(db, CLAIM, 'me', 5, { reason: 'OVERLAP' }),
    'settle a tick': () => schedules.settle(db, CLAIM, 'me', { outcome: 'SKIPPED', reason: 'OVERLAP', message: 'why' }),
    'settle a tick with its chain': () => settleMade(db, { id: 's-1', dueAt: AT, holder: 'me' }, 'c'),
    'delete a schedule': () => schedules.remove(db, 's-1', 2),
    'restore a schedule': () => schedules.restore(db, 's-1'),
    'insert a template': () => templates.insert(db, TEMPLATE),
    'insert a version of a template': () => templates.insertVersion(db, VERSION),
    'list templates': () => templates.page(db, { q: '风控', tag: 'risk' }, 10, 0),
    'lock templates': () => templates.lock(db),
    'count templates': () => templates.count(db),
    'count uses of templates': () => templates.uses(db, ['t-1']),
    'find a chain and its template': () => templates.made(db, 'c'),
    'find a template': () => templates.find(db, 't-1'),
    'list the versions of a template': () => templates.versions(db, 't-1'),
    'find a version of a template': () => templates.version(db, 't-1', 1),
    'change a template': () => templates.change(db, 't-1', 1, { labels: { production: 1 } }),
    'delete a template': () => templates.remove(db, 't-1', 2),
    'restore a template': () => templates.restore(db, 't-1'),
    'take a key of a request': () => idempotency.take(db, 'createKey', 'k', Buffer.from('h'), {}),
    'store an answer': () => idempotency.setAnswer(db, 'createKey', 'k', { id: 1 }),
    'find an answer': () => idempotency.find(db, 'createKey', 'k'),
    'free a key of a request': () => idempotency.free(db, 'createKey', 'k'),
    'find a chain': () => new ChainRepository().find(db, 'c'),
    'find a task': () => new ChainRepository().findTask(db, 'c', 't'),
    'read attempts': () => history.attempts(db, 'r'),
    'read log lines': () => history.logs(db, 'r', { after: 0, limit: 10, attempt: 1 }),
    'read artifacts': () => history.artifacts(db, 'c', 't'),
  };
  for (const [what, ask] of Object.entries(EVERYTHING)) {
    test(`${what} as a tenant in one round trip`, async () => {
      roundTrips = 0;
      await ask();
      expect(roundTrips).toBe(1);
    });
  }

  test('backfill no due time that the schedule has not come to', async () => {
    const times = (...minutes: number[]) =>
      minutes.map((each) => new Date(Date.parse(AT) + each * 60_000).toISOString());
    const of = (id: string) => schedules.backfill(db, id, times(1, 2, 3), true);
    const next_due_at = times(3)[0]!;
    await schedules.insert(db, { ...SCHEDULE, schedule_id: 's-2', next_due_at });
    expect(await of('s-2')).toEqual(times(1, 2));
    await schedules.change(db, 's-2', 1, { paused: true });
    expect(await of('s-2')).toEqual(times(1, 2, 3));
    await schedules.insert(db, { ...SCHEDULE, schedule_id: 's-3', next_due_at: null });
    expect(await of('s-3')).toEqual(times(1, 2, 3));
  });

  test('give each run of a schedule its own due time', async () => {
    await schedules.insert(db, { ...SCHEDULE, schedule_id: 's-7' });
    // Whoever asked before has had all of the next milliseconds.
    const text = `INSERT INTO schedule_ticks (schedule_id, tenant_id, due_at, kind, outcome, ready_at)
                  SELECT 's-7', 'default', date_trunc('milliseconds', clock_timestamp()) + n * interval '1 ms', 'RUN', 'CREATED', now()
                    FROM generate_series(0, 200) AS n`;
    await engine.query({ name: '', text });
    const [one, other] = await Promise.all([schedules.addRun(db, 's-7'), schedules.addRun(db, 's-7')]);
    expect(one.due_at).not.toBe(other.due_at);
    expect(await schedules.waitingByHand(db, 's-7')).toBe(2);
  });

  test('count from when a tick met what time alone may change, and ticks that somebody asked for', async () => {
    await schedules.insert(db, { ...SCHEDULE, schedule_id: 's-5' });
    const { due_at } = await schedules.addRun(db, 's-5');
    const claim = { ...CLAIM, schedule_id: 's-5', due_at };
    const tried = async () => (await schedules.tick(db, claim))!.tried_seconds;
    const postponed = async (reason: string) => {
      await schedules.postpone(db, claim, 'me', 5, { reason });
      const text = `UPDATE schedule_ticks SET tried_since = tried_since - interval '1 min' WHERE schedule_id = 's-5'`;
      await engine.query({ name: '', text });
      return tried();
    };
    await engine.query({ name: '', text: `UPDATE schedule_ticks SET created_at = now() - interval '1 h'` });
    expect(await postponed('OVERLAP')).toBe(0);
    expect(await postponed('QUOTA_EXCEEDED')).toBeGreaterThanOrEqual(60);
    expect(await postponed('INTERNAL')).toBeGreaterThanOrEqual(120);
    expect(await postponed('OVERLAP')).toBe(0);
    expect(await schedules.waitingByHand(db, 's-5')).toBe(1);
  });

  test('let 100 due times and 1,000 events of a schedule wait, and skip the later ones', async () => {
    await schedules.insert(db, { ...SCHEDULE, schedule_id: 's-8' });
    const waits = (kind: string, many: number, from: number): string =>
      `INSERT INTO schedule_ticks (schedule_id, tenant_id, due_at, kind, outcome, ready_at)
       SELECT 's-8', 'default', timestamptz '${AT}' + (${from} + n) * interval '1 s', '${kind}', 'WAITING', now()
         FROM generate_series(0, ${many - 1}) AS n`;
    for (const text of [waits('DUE', 103, 0), waits('WEBHOOK', 1_002, 1_000), waits('RUN', 2, 5_000)]) {
      await engine.query({ name: '', text });
    }
    await schedules.postpone(db, { ...CLAIM, schedule_id: 's-8' }, 'me', 5, { reason: 'OVERLAP' });
    const text = `SELECT kind, reason, count(*)::int AS ticks, extract(epoch FROM min(due_at) - '${AT}')::int AS first
                    FROM schedule_ticks WHERE schedule_id = 's-8' AND outcome = 'SKIPPED' GROUP BY 1, 2 ORDER BY 1`;
    expect(await engine.query({ name: '', text })).toEqual([
      { kind: 'DUE', reason: 'QUEUE_FULL', ticks: 3, first: 100 },
      { kind: 'WEBHOOK', reason: 'QUEUE_FULL', ticks: 2, first: 2_000 },
    ]);
  });

  test('drop the secret of deliveries when chains of the schedule get the rights of another key', async () => {
    const runsAs = (name: string) => ({ ...SCHEDULE, schedule_id: 's-6', on_webhook: true, runs_as: name });
    await schedules.insert(db, { ...runsAs('me'), next_due_at: null });
    const secret = async () => (await schedules.webhook(db, 's-6'))?.secret;
    expect(await schedules.setWebhookSecret(db, 's-6', 'me', 'whsec_1')).toBeDefined();
    await schedules.change(db, 's-6', 1, { paused: true });
    await schedules.change(db, 's-6', 2, runsAs('me'));
    expect(await secret()).toBe('whsec_1');
    await schedules.change(db, 's-6', 3, runsAs('another'));
    expect(await secret()).toBeUndefined();
    expect(await schedules.setWebhookSecret(db, 's-6', 'me', 'whsec_2')).toBeUndefined();
  });

  test('settle a tick with its chain for who holds its schedule, once', async () => {
    await schedules.insert(db, { ...SCHEDULE, schedule_id: 's-4' });
    const { due_at: dueAt } = await schedules.addRun(db, 's-4');
    const hold = async (by: string) =>
      engine.query({ name: '', text: `UPDATE schedules SET busy_by = '${by}' WHERE schedule_id = 's-4'` });
    await hold('another');
    expect(await settleMade(db, { id: 's-4', dueAt, holder: 'me' }, 'c-4')).toBe(false);
    await hold('me');
    expect(await settleMade(db, { id: 's-4', dueAt, holder: 'me' }, 'c-4')).toBe(true);
    expect(await schedules.ticks(db, 's-4', 9)).toMatchObject([{ outcome: 'CREATED', chain_id: 'c-4' }]);
    await hold('me');
    expect(await settleMade(db, { id: 's-4', dueAt, holder: 'me' }, 'c-5')).toBe(false);
  });

  test('know a key by its id and show no hash', async () => {
    const made = await keys.insert(db, 'key-2', { ...key, hash: Buffer.from('other') }, null);
    expect(Object.keys(made)).toEqual(Object.keys((await keys.list(db))[0]!));
    expect(made).toEqual({
      ...{
        key_id: 'key-2',
        name: 'nightly',
        role: 'author',
        created_by: null,
        revoked_at: null,
        last_used_at: null,
        party: null,
      },
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      expires_at: expect.any(String),
    });
    expect(Date.parse(made.expires_at) - Date.parse(made.created_at)).toBe(90 * 86_400_000);
    expect(await keys.restore(db, 'key-2')).toBeUndefined();
    expect(await keys.revoke(db, 'key-2')).toMatchObject({ key_id: 'key-2', revoked_at: expect.any(String) });
    expect(await keys.revoke(db, 'key-2')).toBeUndefined();
    expect(await keys.restore(db, 'key-2')).toEqual(made);
  });

  test('restore no key that was revoked over a day ago or has expired', async () => {
    await keys.insert(db, 'key-3', { ...key, hash: Buffer.from('third') }, null);
    await engine.query({
      name: '',
      text: `UPDATE api_keys SET revoked_at = now() - interval '25 h' WHERE key_id = 'key-3'`,
    });
    expect(await keys.restore(db, 'key-3')).toBeUndefined();
    await engine.query({
      name: '',
      text: `UPDATE api_keys SET revoked_at = now(), expires_at = now() WHERE key_id = 'key-3'`,
    });
    expect(await keys.restore(db, 'key-3')).toBeUndefined();
  });

  test('find a session of whichever tenant until it expires or is removed, and remove none of another tenant', async () => {
    await sessions.insert(db, SESSION);
    const acme = api.forTenant('acme');
    expect(await sessions.find(acme, SESSION.token_hash)).toEqual({
      session_id: 'session-1',
      tenant_id: 'default',
      key_hash: SESSION.key_hash,
      identity: null,
      expires_at: SESSION.expires_at,
    });
    expect(await sessions.remove(acme, 'session-1')).toBe(false);
    expect(await sessions.remove(db, 'session-1')).toBe(true);
    expect(await sessions.find(db, SESSION.token_hash)).toBeUndefined();
    await sessions.insert(db, { ...SESSION, expires_at: new Date(Date.now() - 1_000).toISOString() });
    expect(await sessions.find(db, SESSION.token_hash)).toBeUndefined();
    await sessions.removeExpired(db);
    expect(await engine.query({ name: '', text: 'SELECT FROM sessions' })).toEqual([]);
  });

  test('read the attempt under way with those that have ended', async () => {
    await sql(`INSERT INTO task_chains (chain_id, chain_name, chain_type, chain_config, status, total_tasks, timeout_seconds)
      VALUES ('c', 'c', 'parallel', '{}', 'RUNNING', 1, 60)`);
    await sql(
      `INSERT INTO task_requests (task_request_id, task_type, task_name, params) VALUES ('r', 'psi', 't', '{}')`,
    );
    await sql(`INSERT INTO chain_tasks (chain_id, task_id, task_request_id, task_name, task_type, execution_mode, depends_on,
        execution_order, level, pending_dependencies, predecessors, successors, referenced, status, attempt, lease_until)
      VALUES ('c', 't', 'r', 't', 'psi', 'parallel', '[]', 0, 0, 0, '{}', '{}', '{}', 'RUNNING', 3, now())`);
    await sql(`INSERT INTO task_attempts (task_request_id, attempt, outcome, error)
      VALUES ('r', 2, 'LOST', NULL), ('r', 1, 'FAILURE', '{"code": "X"}')`);
    const found = await history.attempts(db, 'r');
    expect(found).toMatchObject([
      { attempt: 1, outcome: 'FAILURE', error: { code: 'X' } },
      { attempt: 2, outcome: 'LOST', error: null },
      { attempt: 3, outcome: 'RUNNING', finished_at: null },
    ]);
    expect(found.map((attempt) => Object.keys(attempt).join())).toEqual(
      Array(3).fill('attempt,run_id,worker_id,queued_at,started_at,finished_at,outcome,error'),
    );
    await sql(`UPDATE chain_tasks SET status = 'SUCCESS', lease_until = NULL`);
    expect(await history.attempts(db, 'r')).toHaveLength(2);
  });

  test("take over a key of a request only once it is old, in use and the same request's", async () => {
    const [hash, other] = [Buffer.from('h'), Buffer.from('o')];
    expect(await idempotency.take(db, 's', 'k', hash, { in_use: true })).toBe(true);
    expect(await idempotency.take(db, 's', 'k', hash, { in_use: true })).toBe(false);
    expect(await idempotency.takeOver(db, 's', 'k', hash, 60)).toBe(false);
    await sql(`UPDATE idempotency_keys SET created_at = now() - interval '2 min'`);
    expect(await idempotency.takeOver(db, 's', 'k', other, 60)).toBe(false);
    expect(await idempotency.takeOver(db, 's', 'k', hash, 60)).toBe(true);
    await idempotency.setAnswer(db, 's', 'k', { done: true });
    await sql(`UPDATE idempotency_keys SET created_at = now() - interval '2 min'`);
    expect(await idempotency.takeOver(db, 's', 'k', hash, 60)).toBe(false);
    expect(await idempotency.find(db, 's', 'k')).toMatchObject({ request_hash: hash, response: { done: true } });
  });

  test('give a duty to one holder at a time', async () => {
    expect(await duties.hold(engine, 'gauges', 'one', 60_000)).toBe(true);
    expect(await duties.hold(engine, 'gauges', 'two', 60_000)).toBe(false);
    expect(await duties.hold(engine, 'gauges', 'one', 0)).toBe(true);
    expect(await duties.hold(engine, 'gauges', 'two', 60_000)).toBe(true);
  });

  describe('of connections of sites', () => {
    let worker: Database;
    afterAll(() => worker.close());
    const [A, B] = ['a', 'b'].map((each) => `sha256:${each.repeat(64)}`) as [string, string];
    const connect = (fingerprint: string, address: unknown = '10.0.0.1', software = '1.0.0') =>
      connections.connect(worker, {
        ...{ tenant: 'default', party: 'bank-s', fingerprint, connection: randomUUID(), version: 1, software },
        address: address as string,
      });
    const minuteLater = (column: string) => sql(`UPDATE nodes SET ${column} = ${column} - interval '61 s'`);
    const rows = async (): Promise<unknown> => {
      await sealAudit(engine);
      return sql(`SELECT action, address FROM audit_log WHERE target = 'bank-s' ORDER BY seq`);
    };
    beforeAll(async () => {
      worker = await openDatabase(database.url, { role: 'task_chain_worker', max: 1 });
      await sql(`INSERT INTO parties (party, name) VALUES ('bank-s', 'S'), ('bank-t', 'T')`);
      await sql(
        `INSERT INTO nodes (fingerprint, party, dealer, certificate, expires_at)
         VALUES ('${A}', 'bank-s', false, '', now() + interval '1 day'), ('${B}', 'bank-t', false, '', now() + interval '1 day')`,
      );
    });

    test('note them once a minute and site at most, whatever is said of them', async () => {
      for (const software of ['1.0.0', '1.0.1', '1.0.2', 'x'.repeat(65)])
        expect(await connect(A, '10.0.0.1', software)).toBeUndefined();
      const first = { action: 'connectNode', address: '10.0.0.1' };
      expect(await rows()).toEqual([first]);
      await minuteLater('connected_noted_at');
      // It was seen just now, and comes from elsewhere.
      await connect(A, 'f'.repeat(65));
      await minuteLater('connected_noted_at');
      await connect(A, null);
      const noted = [
        first,
        { action: 'connectNode', address: 'f'.repeat(64) },
        { action: 'connectNode', address: '-' },
      ];
      expect(await rows()).toEqual(noted);
      await sql(`UPDATE nodes SET revoked_at = now() WHERE party = 'bank-s'`);
      // One that is refused all the time is noted again.
      for (let minute = 0; minute < 2; minute++) {
        for (let again = 0; again < 2; again++) expect(await connect(A)).toBe('REVOKED');
        await minuteLater('refused_noted_at');
      }
      const refused = { action: 'refuseNode', address: '10.0.0.1' };
      expect(await rows()).toEqual([...noted, refused, refused]);
    });

    test('hold the others while a row of one is held by somebody else', async () => {
      await sql(`UPDATE nodes SET revoked_at = NULL, connection = gen_random_uuid(), last_seen_at = '2026-01-01'`);
      const held = (await sql(`SELECT connection FROM nodes ORDER BY party`)) as { connection: string }[];
      const gone = randomUUID();
      await engine.transaction(async (tx) => {
        await tx.query({ name: '', text: `SELECT FROM nodes WHERE party = 'bank-s' FOR UPDATE` });
        const all = [...held.map(({ connection }) => connection), gone];
        const ended = await connections.hold(worker, all, [30.5, 41.5, 7]);
        expect(ended).toEqual(new Map([[gone, 'REPLACED']]));
      });
      const stored = () =>
        sql(`SELECT last_seen_at > '2026-01-02' AS seen, round_trip_ms AS ms FROM nodes ORDER BY party`);
      expect(await stored()).toEqual([
        { seen: false, ms: null },
        { seen: true, ms: 41.5 },
      ]);
      // One of which none is known yet keeps what is known of the site.
      const both = held.map(({ connection }) => connection);
      await connections.hold(worker, both, [30.5, undefined]);
      expect(await stored()).toEqual([
        { seen: true, ms: 30.5 },
        { seen: true, ms: 41.5 },
      ]);
    });
  });

  test('begin no transaction by themselves', async () => {
    await expect(db.entities.transaction(async () => undefined)).rejects.toThrow(/Database\.transaction/);
  });
});
