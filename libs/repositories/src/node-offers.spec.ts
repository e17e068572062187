import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { useTestDatabase } from '#libs/testing';
import { openDatabase, type Database } from './database.js';
import { engineQueries } from './engine-queries.js';
import { revertMigration, runMigrations } from './migrate.js';
import { NodeOfferRepository } from './node-offer.repository.js';
import { joinedSites } from './reads/read-sites.js';
import { storeChain } from './statements/waits-for-tests.js';

const QUEUED = { status: `'QUEUED'`, attempt: '1', lease_until: `now() + interval '1 h'` };
const READY = { status: `'READY'` };

describe('what is offered to sites', () => {
  let db: Database;
  afterAll(() => db.close());
  const database = useTestDatabase();
  const offers = new NodeOfferRepository();
  let connections: readonly [a: string, b: string];
  beforeAll(async () => void (db = await openDatabase(database.url)));
  const sql = (text: string): Promise<unknown[]> => db.query({ name: '', text });
  beforeEach(async () => {
    connections = [randomUUID(), randomUUID()];
    await sql('TRUNCATE task_chains, task_requests, nodes, workers CASCADE');
    for (const [at, party] of ['a', 'b'].entries()) {
      await sql(
        `INSERT INTO parties (tenant_id, party, name) VALUES ('default', '${party}', '${party}') ON CONFLICT DO NOTHING`,
      );
      await sql(`INSERT INTO nodes (tenant_id, fingerprint, party, dealer, certificate, expires_at, connection, last_seen_at, protocol_version)
        VALUES ('default', 'sha256:${party.repeat(64)}', '${party}', false, '', now() + interval '1 d', '${connections[at]}', now(), 2)`);
    }
  });
  const offer = (task: string) =>
    offers.offer(db, {
      ...{ taskRequestId: task, attempt: 1, run: randomUUID(), task: '{}' },
      sites: ['a', 'b'].map((party) => ({ party, dealer: false })),
    });

  test('is said for the current connection of a site, also that it is nothing, and for no other', async () => {
    const [a, b] = connections;
    const stale = randomUUID();
    expect(await offers.offersOf(db, [a, stale])).toEqual(new Map([[a, []]]));
    await storeChain(db, 'c', { t: QUEUED });
    const { run } = await offer('c-t');
    const line = { run, state: 'OFFERED' };
    expect(await offers.offersOf(db, [a, b, stale])).toEqual(
      new Map([
        [a, [line]],
        [b, [line]],
      ]),
    );
    await sql(`UPDATE nodes SET connection = '${stale}' WHERE party = 'a'`);
    expect([...(await offers.offersOf(db, [a, b])).keys()]).toEqual([b]);
  });

  test('leaves a site 30 s to come back after it is told to run it', async () => {
    await storeChain(db, 'c', { t: QUEUED });
    const run = (await offer('c-t')).run!;
    const here = async () => (await offers.sitesOf(db, [run])).map(({ is_here: isHere }) => isHere);
    await sql(`UPDATE nodes SET last_seen_at = now() - interval '40 s' WHERE party = 'b'`);
    expect(await here()).toEqual([true, false]);
    await sql(`UPDATE node_offers SET state = 'GO', go_at = now() - interval '20 s'`);
    expect(await here()).toEqual([true, true]);
    await sql(`UPDATE node_offers SET go_at = now() - interval '31 s'`);
    expect(await here()).toEqual([true, false]);
  });

  test('needs a site of each whose certificate counts, here and where chains are made, and names who has none', async () => {
    await storeChain(db, 'c', { t: QUEUED });
    await sql(`UPDATE nodes SET expires_at = now() WHERE party = 'b'`);
    expect(await offer('c-t')).toEqual({ run: null, missing: ['b'] });
    const countingNow = async (): Promise<string[]> =>
      (await joinedSites(db.forTenant('default')))
        .filter(({ expires_at: ends, revoked_at: revoked }) => !revoked && Date.parse(ends) > Date.now())
        .map(({ party }) => party);
    expect(await countingNow()).toEqual(['a']);
    await sql(`UPDATE nodes SET expires_at = now() + interval '1 h' WHERE party = 'b'`);
    expect(await offer('c-t')).toEqual({ run: expect.any(String) as unknown, missing: [] });
    expect(await countingNow()).toHaveLength(2);
  });

  test('is decided where it was under way before there were votes', async () => {
    while (!(await revertMigration(database.url))!.startsWith('VotesOfSites'));
    await storeChain(db, 'c', { t: QUEUED });
    const old = `SELECT run FROM offer_run('c-t', 1, gen_random_uuid(), '{a,b}', '{f,f}', '{}')`;
    const [{ run }] = (await sql(old)) as [{ run: string }];
    await sql(`UPDATE node_offers SET go_at = now(), state = CASE party WHEN 'a' THEN 'DONE' ELSE 'RUNNING' END`);
    await runMigrations(database.url);
    expect((await offers.sitesOf(db, [run])).map(({ state }) => state)).toEqual(['LOST', 'RUNNING']);
    await sql(`UPDATE chain_tasks SET status = 'SUCCESS', lease_until = NULL WHERE chain_id = 'c'`);
    const [a, b] = connections;
    const abort = [{ run, state: 'ABORT' }];
    expect(await offers.offersOf(db, [a, b])).toEqual(
      new Map([
        [a, abort],
        [b, abort],
      ]),
    );
    expect([await offers.settle(db, a, run), await offers.settle(db, a, run)]).toEqual([true, false]);
    expect(await offers.offersOf(db, [a])).toEqual(new Map([[a, []]]));
  });

  test('takes no slot of a worker, and no turn of its tenant', async () => {
    await sql(`INSERT INTO tenants (tenant_id, name) VALUES ('acme', 'acme')`);
    await engineQueries.saveWorker(db, 'one', { psi: 9 }, 0);
    const tasks = ['r', 's', 't'];
    await storeChain(db, 'c', { ...Object.fromEntries(tasks.map((each) => [each, QUEUED])), x: READY, y: READY });
    await storeChain(db, 'd', { q: QUEUED, x: READY, y: READY }, { tenant: 'acme' });
    for (const each of tasks) await offer(`c-${each}`);
    expect(await engineQueries.loadCapacity(db, 60_000)).toMatchObject([{ task_type: 'psi', in_flight: 1 }]);
    // Tenant acme has one task at work, and the other one none: it has the first turn.
    const claimed = await engineQueries.claimReady(db, ['psi'], [1], 4_000);
    expect(claimed.map(({ chain_id: id }) => id)).toEqual(['c']);
    // What is over counts as any other.
    await sql(`UPDATE node_offers SET ended_at = now()`);
    expect(await engineQueries.loadCapacity(db, 60_000)).toMatchObject([{ task_type: 'psi', in_flight: 5 }]);
  });

  test('counts in the quota of its tenant as any other task, but for the files that lie at the sites', async () => {
    await storeChain(db, 'c', { t: QUEUED });
    await storeChain(db, 'd', { u: QUEUED });
    await offer('c-t');
    for (const [chain, task, bytes] of [
      ['c', 't', Number.MAX_SAFE_INTEGER], // Whatever a site says.
      ['d', 'u', 7],
    ] as const)
      await sql(`INSERT INTO artifacts (tenant_id, chain_id, task_id, name, media_type, size_bytes, sha256)
                 VALUES ('default', '${chain}', '${task}', 'a/x.csv', 'text/csv', ${bytes}, '${'0'.repeat(64)}')`);
    expect(await engineQueries.useOfTenant(db.forTenant('default'))).toMatchObject({
      ...{ running_chains: 2, waiting_tasks: 2, artifact_bytes: 7 },
    });
  });

  test('has the place of its concurrency group for as long as it waits for people', async () => {
    const group = { concurrency_key: `'k'`, concurrency_limit: '1', concurrency_of: `'TASK'` };
    await engineQueries.saveWorker(db, 'one', { psi: 9 }, 0);
    await storeChain(db, 'c', { t: { ...QUEUED, ...group } });
    await offer('c-t');
    await storeChain(db, 'd', { u: { ...READY, ...group } });
    const claimed = () => db.transaction((tx) => engineQueries.claimGrouped(tx, ['psi'], [9], 4_000));
    expect(await claimed()).toEqual([]);
    await sql(`UPDATE chain_tasks SET status = 'CANCELLED', lease_until = NULL WHERE chain_id = 'c'`);
    expect(await claimed()).toMatchObject([{ chain_id: 'd' }]);
  });
});
