import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type Database,
  Databases,
  DutyRepository,
  engineQueries,
  openDatabase,
  sealAudit,
  verifyAudit,
} from '#libs/repositories';
import { createTestDatabase, type TestDatabase } from '#libs/testing';
import { createLogger } from '#libs/platform';
import { RetentionLoop } from './retention-loop.js';

const DAY = 24 * 3_600;
/** What hangs on a chain, and the expression that gives the chain's id. */
const TABLES: Readonly<Record<string, string>> = {
  task_chains: 'chain_id',
  chain_tasks: 'chain_id',
  chain_dependencies: 'chain_id',
  chain_events: 'chain_id',
  artifacts: 'chain_id',
  task_requests: `metadata->>'chain_id'`,
  task_attempts: `split_part(task_request_id, '.', 1)`,
  task_logs: `split_part(task_request_id, '.', 1)`,
};

describe('retention', () => {
  const root = mkdtempSync(join(tmpdir(), 'tc-retention-'));
  let database: TestDatabase;
  let db: Database;
  beforeAll(async () => {
    database = await createTestDatabase();
    db = (await openDatabase(database.url)).forTenant('default');
  });
  afterAll(async () => {
    await db.close();
    await database.drop();
    rmSync(root, { recursive: true });
  });
  const sql = <Row>(text: string, values: unknown[] = []): Promise<Row[]> => db.query<Row>({ name: '', text }, values);
  const config = { retentionDays: 30, artifactRoot: root };
  const removeOld = (): Promise<void> =>
    new RetentionLoop(
      new Databases(db, db),
      new DutyRepository(),
      'one',
      config,
      createLogger('test', 'silent'),
    ).round();

  /** A chain of two tasks with a row in each table and an artifact, that ended so many days ago (null: it still runs). */
  async function chain(id: string, endedDaysAgo: number | null): Promise<void> {
    const ended = endedDaysAgo === null ? null : `${endedDaysAgo} days`;
    const insert = (text: string): Promise<unknown> => sql(text.replaceAll('$1', `'${id}'`));
    await sql(
      `INSERT INTO task_chains (chain_id, chain_name, chain_type, chain_config, status, total_tasks, timeout_seconds, completed_at)
       VALUES ($1, 'c', 'sequential', '{}', $2, 2, 60, now() - $3::interval)`,
      [id, ended === null ? 'RUNNING' : 'SUCCESS', ended],
    );
    await insert(`INSERT INTO task_requests (task_request_id, task_type, task_name, params, metadata)
      SELECT $1 || '.' || n, 'diagnostic', 't', '{}', jsonb_build_object('chain_id', $1) FROM generate_series(0, 1) AS n`);
    await insert(`INSERT INTO chain_tasks (chain_id, task_id, task_request_id, task_name, task_type, execution_mode, depends_on,
        execution_order, level, pending_dependencies, predecessors, successors, referenced)
      SELECT $1, 't' || n, $1 || '.' || n, 't', 'diagnostic', 'sequential', '[]', n, n, n, '{}', '{}', '{}' FROM generate_series(0, 1) AS n`);
    await insert(`INSERT INTO chain_dependencies (chain_id, from_task_id, to_task_id) VALUES ($1, 't0', 't1')`);
    await insert(`INSERT INTO chain_events (chain_id, kind, disposition) VALUES ($1, 'ChainCreated', 'ACCEPTED')`);
    await insert(`INSERT INTO artifacts (chain_id, task_id, name, media_type, size_bytes, sha256)
      VALUES ($1, 't0', 'a', 'text/csv', 1, repeat('0', 64))`);
    await insert(`INSERT INTO task_attempts (task_request_id, attempt, outcome) VALUES ($1 || '.0', 1, 'SUCCESS')`);
    await insert(`INSERT INTO task_logs (task_request_id, attempt, logged_at, level, message)
      VALUES ($1 || '.0', 1, now(), 'info', 'm')`);
    mkdirSync(join(root, id));
    writeFileSync(join(root, id, 'a'), 'x');
  }
  /** Tables that still have a row of the chain. */
  async function tablesWith(id: string): Promise<string[]> {
    const found: string[] = [];
    for (const [table, key] of Object.entries(TABLES)) {
      if ((await sql(`SELECT FROM ${table} WHERE ${key} = $1 LIMIT 1`, [id])).length > 0) found.push(table);
    }
    return found;
  }

  test('removes old finished chains with all that hangs on them, in batches, and nothing else', async () => {
    const old = Array.from({ length: 120 }, (_, n) => `old-${n}`);
    for (const id of old) await chain(id, 31);
    await chain('recent', 29);
    await chain('open', null);
    await removeOld();
    for (const id of [old[0]!, old[60]!, old[119]!]) expect(await tablesWith(id)).toEqual([]);
    expect(await sql(`SELECT chain_id FROM task_chains ORDER BY chain_id`)).toEqual([
      { chain_id: 'open' },
      { chain_id: 'recent' },
    ]);
    expect(await tablesWith('recent')).toEqual(Object.keys(TABLES));
    expect(await tablesWith('open')).toEqual(Object.keys(TABLES));
    expect(old.filter((id) => existsSync(join(root, id)))).toEqual([]);
    expect(existsSync(join(root, 'recent', 'a'))).toBe(true);
    expect(existsSync(join(root, 'open', 'a'))).toBe(true);
    expect(await sql(`SELECT FROM outbox WHERE kind <> 'AUDIT'`)).toEqual([]);
    await sealAudit(db);
    const entries = await sql(
      `SELECT action, actor, target, details ->> 'completed_at' IS NOT NULL AS dated FROM audit_log`,
    );
    expect(entries).toHaveLength(old.length);
    expect(entries).toContainEqual({ action: 'removeChain', actor: 'retention', target: 'old-60', dated: true });
    expect((await verifyAudit(db)).faults).toEqual([]);
  });

  test('keeps what a chain ran as long as that chain, whose turns and retries read its artifacts', async () => {
    await chain('around', null);
    for (const [id, parent] of [
      ['turn', 'around'],
      ['inner', 'turn'],
    ] as const) {
      await chain(id, 31);
      await sql(
        `UPDATE task_chains SET parent_chain_id = $2, parent_position = 0, parent_attempt = 1 WHERE chain_id = $1`,
        [id, parent],
      );
    }
    await removeOld();
    for (const id of ['turn', 'inner'])
      expect([await tablesWith(id), existsSync(join(root, id, 'a'))]).toEqual([Object.keys(TABLES), true]);
    await sql(
      `UPDATE task_chains SET status = 'SUCCESS', completed_at = now() - interval '31 days' WHERE chain_id = 'around'`,
    );
    await removeOld();
    for (const id of ['around', 'turn', 'inner'])
      expect([await tablesWith(id), existsSync(join(root, id))]).toEqual([[], false]);
  });

  test('removes the artifacts of chains whose listener died after their rows were gone', async () => {
    await chain('half', 31);
    expect(await engineQueries.deleteFinished(db, 30 * DAY, 50)).toEqual(['half']);
    expect(existsSync(join(root, 'half'))).toBe(true);
    await removeOld();
    expect(existsSync(join(root, 'half'))).toBe(false);
    expect(await sql(`SELECT FROM outbox WHERE kind <> 'AUDIT'`)).toEqual([]);
  });

  test('removes deliveries of the same age, but none that are still to be made', async () => {
    await sql(`INSERT INTO webhooks (webhook_id, url, secret, events) VALUES ('w', 'https://example.org', 's', '{}')`);
    await sql(`INSERT INTO webhook_deliveries (webhook_id, message_id, event_type, payload, status, created_at)
      SELECT 'w', status || days, 'chain.succeeded', '{}', status, now() - days * interval '1 day'
        FROM unnest(ARRAY['PENDING', 'DELIVERED', 'FAILED']) AS status, unnest(ARRAY[1, 31]) AS days`);
    await removeOld();
    expect(await sql('SELECT message_id FROM webhook_deliveries ORDER BY message_id')).toEqual(
      ['DELIVERED1', 'FAILED1', 'PENDING1', 'PENDING31'].map((message_id) => ({ message_id })),
    );
  });
});
