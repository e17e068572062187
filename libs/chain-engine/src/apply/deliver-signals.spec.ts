import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { withConnection } from '#libs/local-postgres';
import { openDatabase, type Database } from '#libs/repositories';
import { sampleNewChain, useTestDatabase } from '#libs/testing';
import { ChainEngine } from '../chain-engine.js';
import { createChain } from '../commands/commands.js';
import { Dispatcher } from '../dispatch/dispatcher.js';
import { makeEngineMetrics } from '../metrics.js';
import { deliverSignals } from './deliver-signals.js';

let db: Database;
let engine: ChainEngine;
afterAll(() => db.close());
const database = useTestDatabase();
const nothing = (): void => undefined;
const sql = async (text: string): Promise<Record<string, unknown>[]> =>
  (await withConnection(database.url, (client) => client.query(text))).rows as Record<string, unknown>[];
beforeAll(async () => {
  db = await openDatabase(database.url, { max: 4 });
  const log = { info: nothing, warn: nothing, error: nothing };
  engine = new ChainEngine(db, {} as never, makeEngineMetrics(new Registry()), log);
  engine.capacity.refresh([{ task_type: 'diagnostic', slots: '0', in_flight: 0, tenants: [], shared: false }]);
  await sql(`INSERT INTO tenants (tenant_id, name) VALUES ('other', 'other')`);
});
beforeEach(() => sql('TRUNCATE task_chains, task_requests, outbox, repairs, signals CASCADE'));

/** A chain whose task waits for a signal. */
async function waits(key: string, tenant = 'default'): Promise<string> {
  const made = sampleNewChain([[]]);
  const params = { task_config: { name: 'go', key } };
  const created = await createChain(db.forTenant(tenant), {
    ...made,
    tasks: [{ ...made.tasks[0]!, taskType: 'signal', params }],
  });
  engine.capacity.expectAll();
  await new Dispatcher(engine).dispatchReady();
  return created.kind === 'created' ? created.chain.chain_id : '';
}

/** Stores a signal; `until`: when it expires. */
const signal = (id: string, key: string, until = '1 h', tenant = 'default') =>
  sql(`INSERT INTO signals (signal_id, tenant_id, name, key, payload, expires_at)
       VALUES ('${id}', '${tenant}', 'go', '${key}', '{"of": "${id}"}', now() + interval '${until}')`);
const resultOf = async (id: string): Promise<unknown> =>
  (
    await sql(
      `SELECT status, result -> 'of' AS of FROM chain_tasks t JOIN task_requests r USING (task_request_id) WHERE t.chain_id = '${id}'`,
    )
  )[0]!;

it('gives the first signal to the task that began to wait first', async () => {
  const tasks = [await waits('k'), await waits('k'), await waits('k')];
  await signal('first', 'k');
  await signal('second', 'k');
  expect(await deliverSignals(engine)).toBe(2);
  expect(await Promise.all(tasks.map(resultOf))).toEqual([
    { status: 'SUCCESS', of: 'first' },
    { status: 'SUCCESS', of: 'second' },
    { status: 'RETRYING', of: null },
  ]);
  expect(await deliverSignals(engine)).toBe(0);
});

it('keeps the signals of tenants apart', async () => {
  const [ours, theirs] = [await waits('k'), await waits('k', 'other')];
  await signal('theirs', 'k', '1 h', 'other');
  expect(await deliverSignals(engine)).toBe(1);
  expect(await resultOf(ours)).toEqual({ status: 'RETRYING', of: null });
  expect(await resultOf(theirs)).toEqual({ status: 'SUCCESS', of: 'theirs' });
});

it('gives nobody a signal that has expired', async () => {
  const task = await waits('k');
  await signal('old', 'k', '-1 h');
  expect(await deliverSignals(engine)).toBe(0);
  await signal('new', 'k');
  expect(await deliverSignals(engine)).toBe(1);
  expect(await resultOf(task)).toEqual({ status: 'SUCCESS', of: 'new' });
});
