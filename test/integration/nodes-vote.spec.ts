import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TaskFailure } from '#libs/compute';
import type { OfferLine } from '#libs/peers';
import { NodeOfferRepository, NodeRepository, openDatabase, type Database } from '#libs/repositories';
import { useTestDatabase } from '#libs/testing';
import { offersIn } from '../../apps/compute-worker/src/nodes/offers-in.js';
import { judgeSites, voteFault } from '../../apps/compute-worker/src/nodes/site-states.js';
import { OfferedSite, taskOf } from '../../apps/party-node/src/offered-site-for-tests.js';

const PARTIES = ['alice', 'bob'] as const;
type Party = (typeof PARTIES)[number];
/** What passes between the control plane and one site. */
interface Link {
  up: boolean;
  down: boolean;
}
/** One look of the control plane at a site, and one of the worker at the run. */
const ROUNDS = 8;

// The processes of the parties are played: all else at the sites, the statements and what judges them are the real ones.
describe('what a run leaves at two sites', () => {
  const offers = new NodeOfferRepository();
  let db: Database;
  let work: string;
  afterAll(async () => {
    await db.close();
    await rm(work, { recursive: true });
  });
  const database = useTestDatabase();
  beforeAll(async () => {
    db = await openDatabase(database.url);
    work = await mkdtemp(join(tmpdir(), 'nodes-vote-'));
    for (const party of PARTIES)
      await sql(`INSERT INTO parties (tenant_id, party, name) VALUES ('default', '${party}', '${party}')`);
  });
  const sql = (text: string): Promise<{ n: string }[]> => db.query<{ n: string }>({ name: '', text });

  class Run {
    readonly sites = new Map<Party, OfferedSite>();
    readonly links: Record<Party, Link> = { alice: { up: true, down: true }, bob: { up: true, down: true } };
    private readonly connections = new Map<Party, string>();
    private readonly files = new Map<Party, string>();
    private readonly source = offersIn(db, offers, []);
    private readonly heard = new Map<Party, number>();
    readonly id: string;
    private readonly chain = `chain-${randomUUID().slice(0, 8)}`;
    status = 'RUNNING';
    error: TaskFailure | undefined;
    /** Whether the worker ends the task once all are prepared. */
    worker = true;

    private constructor(id: string) {
      this.id = id;
    }

    static async begin(): Promise<Run> {
      const run = new Run(randomUUID());
      await run.start();
      return run;
    }

    private async start(): Promise<void> {
      const request = `${this.chain}-match`;
      await sql(`INSERT INTO task_chains (chain_id, chain_name, chain_type, chain_config, status, total_tasks, timeout_seconds)
                 VALUES ('${this.chain}', 'c', 'parallel', '{}', 'RUNNING', 1, 60)`);
      await sql(
        `INSERT INTO task_requests (task_request_id, task_type, task_name, params) VALUES ('${request}', 'psi', 't', '{}')`,
      );
      await sql(`INSERT INTO chain_tasks (chain_id, task_id, task_request_id, task_name, task_type, execution_mode, depends_on, execution_order,
                   level, pending_dependencies, predecessors, successors, referenced, status, attempt, lease_until)
                 VALUES ('${this.chain}', 'match', '${request}', 't', 'psi', 'parallel', '[]', 0, 0, 0, '{}', '{}', '{}', 'QUEUED', 1, now() + interval '1 h')`);
      for (const party of PARTIES) {
        const site = await OfferedSite.make(work, party);
        this.sites.set(party, site);
        const connection = randomUUID();
        this.connections.set(party, connection);
        await sql(`UPDATE nodes SET revoked_at = now() WHERE party = '${party}'`);
        await sql(`INSERT INTO nodes (tenant_id, fingerprint, party, dealer, certificate, expires_at, connection, last_seen_at, protocol_version)
                   VALUES ('default', '${site.fingerprint}', '${party}', false, '', now() + interval '1 d', '${connection}', now(), 3)`);
      }
      const task = JSON.stringify({ ...taskOf(), chain_id: this.chain });
      const sites = PARTIES.map((party) => ({ party, dealer: false }));
      const offered = await offers.offer(db, { taskRequestId: request, attempt: 1, run: this.id, sites, task });
      expect(offered).toEqual({ run: this.id, missing: [] });
    }

    /** Carries frames both ways over the link of a site. */
    async exchange(party: Party): Promise<void> {
      const [site, connection, link] = [this.sites.get(party)!, this.connections.get(party)!, this.links[party]];
      const lines: readonly OfferLine[] | undefined = (await this.source.offers([connection])).get(connection);
      if (!lines) return; // It has left: its connection is closed.
      if (link.down) {
        const task = lines.some(({ state }) => state === 'OFFERED') && (await this.source.task(connection, this.id));
        if (task) site.take({ kind: 'task', run: this.id, task: JSON.parse(task) });
        site.hear(...lines.map(({ run, state }) => [run, state] as const));
        const votes = lines.some(({ state }) => state === 'COMMIT') && (await this.source.votes(connection, this.id));
        if (votes) site.take({ kind: 'votes', run: this.id, votes: JSON.parse(votes) as string[] });
      }
      await site.idle();
      const said = site.said.slice(this.heard.get(party) ?? 0);
      this.heard.set(party, site.said.length);
      for (const answer of said) if (link.up) await this.source.answer(connection, answer);
    }

    /** What is done at a site, and what the worker makes of the run. */
    async round(): Promise<void> {
      for (const party of PARTIES) {
        const site = this.sites.get(party)!;
        if ((await site.approvals('ls')).out.includes('WAITING')) await site.approvals('accept', await site.waiting());
        if (site.started.length > 0 && !this.files.has(party)) {
          const others = Object.fromEntries([...this.sites].map(([name, { fingerprint }]) => [name, fingerprint]));
          this.files.set(party, await site.prepare(this.id, 'id\n1\n', others));
          site.started[0]!.end('PREPARED');
        }
        await this.exchange(party);
      }
      if (this.status !== 'RUNNING') return;
      const rows = await offers.sitesOf(db, [this.id]);
      const verdict = judgeSites(rows);
      if (verdict.kind === 'go') await offers.start(db, this.id);
      if (verdict.kind === 'failed') {
        this.error = verdict.error;
        await this.end('FAILURE');
      }
      if (this.worker && verdict.kind === 'prepared' && !(await voteFault(rows)) && (await offers.vote(db, this.id)))
        await this.end('SUCCESS');
    }

    /** As the listener saves it. */
    async end(status: 'SUCCESS' | 'FAILURE' | 'READY'): Promise<void> {
      await sql(`UPDATE chain_tasks SET status = '${status}', lease_until = NULL WHERE chain_id = '${this.chain}'`);
      this.status = status;
    }

    async deleteChain(): Promise<void> {
      await sql(`DELETE FROM task_chains WHERE chain_id = '${this.chain}'`);
    }

    async undecided(): Promise<string> {
      return (await sql(`SELECT count(*)::text AS n FROM node_decisions WHERE run = '${this.id}'`))[0]!.n;
    }

    /** As an admin has it leave. */
    async leaves(party: Party): Promise<void> {
      await db.forTenant('default').transaction((tx) => new NodeRepository().revoke(tx, party));
    }

    /** The states of what a site was offered, and what lies at it of the run, by the end of the name. */
    at(party: Party): { readonly state: string | undefined; readonly files: readonly string[] } {
      const final = this.files.get(party);
      const names = final === undefined ? [] : readdirSync(dirname(final));
      return {
        state: this.sites.get(party)!.store.find(this.id)?.state,
        files: names.map((name) => (name === 't.csv' ? name : extname(name))),
      };
    }

    /** Who has the file of the run, and what lies beside it. */
    left(): { readonly has: readonly boolean[]; readonly beside: readonly string[] } {
      const finals = [...this.files.values()];
      const beside = finals.flatMap((final) => readdirSync(dirname(final)).filter((name) => name !== 't.csv'));
      return { has: PARTIES.map((party) => existsSync(this.files.get(party) ?? '')), beside };
    }

    async close(): Promise<void> {
      for (const site of this.sites.values()) await site.close();
    }
  }

  test('does not count where the worker has not checked the votes, as where an operator ends the task', async () => {
    const run = await Run.begin();
    const prepared = async (): Promise<boolean> => judgeSites(await offers.sitesOf(db, [run.id])).kind === 'prepared';
    run.worker = false;
    for (let round = 0; round < ROUNDS && !(await prepared()); round += 1) await run.round();
    expect(await prepared()).toBe(true);
    await run.end('SUCCESS');
    for (let round = 0; round < ROUNDS && (await run.undecided()) !== '0'; round += 1) await run.round();
    expect([run.left(), await run.undecided()]).toEqual([{ has: [false, false], beside: [] }, '0']);
    await run.close();
  });

  const cuts: [number, Party, keyof Link | 'both'][] = [];
  for (let at = 0; at < ROUNDS; at += 1)
    for (const [by, way] of (['up', 'down', 'both'] as const).entries()) cuts.push([at, PARTIES[(at + by) % 2]!, way]);

  test('counts at both or at neither, whenever and whichever way one is cut off, and whatever becomes of the chain', async () => {
    const ends = { SUCCESS: 0, FAILURE: 0 };
    for (const [at, party, way] of cuts) {
      const run = await Run.begin();
      for (let round = 0; round < ROUNDS; round += 1) {
        if (round === at)
          for (const one of way === 'both' ? (['up', 'down'] as const) : [way]) run.links[party][one] = false;
        await run.round();
        // Nobody has the file before it is decided that both have it.
        if (run.status === 'RUNNING') expect(run.left().has).toEqual([false, false]);
      }
      // Its time is over, or the worker is lost: the attempt ends.
      if (run.status === 'RUNNING') await run.end('FAILURE');
      if (at % 2 === 0) await run.deleteChain();
      run.links[party] = { up: true, down: true };
      for (let round = 0; round < ROUNDS && (await run.undecided()) !== '0'; round += 1) await run.round();
      const counts = run.status === 'SUCCESS';
      ends[run.status as keyof typeof ends] += 1;
      expect([at, party, way, run.left(), await run.undecided()]).toEqual([
        ...[at, party, way],
        { has: [counts, counts], beside: [] },
        '0',
      ]);
      await run.close();
    }
    expect(ends.SUCCESS).toBeGreaterThan(ROUNDS / 2);
    expect(ends.FAILURE).toBeGreaterThan(ROUNDS / 2);
  });

  test('does not count where a party leaves before it is decided, and is its own where it leaves later', async () => {
    const ends = { SUCCESS: 0, FAILURE: 0 };
    for (let at = 0; at < ROUNDS; at += 1) {
      const [leaver, stayer] = at % 2 === 0 ? PARTIES : ([PARTIES[1], PARTIES[0]] as const);
      const run = await Run.begin();
      for (let round = 0; round < at; round += 1) await run.round();
      const [was, isDecided] = [run.at(leaver), run.status === 'SUCCESS'];
      await run.leaves(leaver);
      for (let round = 0; round < ROUNDS; round += 1) await run.round();
      ends[run.status as keyof typeof ends] += 1;
      if (isDecided) {
        expect([at, run.status, run.at(stayer)]).toEqual([at, 'SUCCESS', { state: 'DONE', files: ['t.csv'] }]);
        // Nobody takes anything away from it.
        expect([at, run.at(leaver)]).toEqual([at, was]);
      } else {
        expect([at, run.error?.code, run.error?.message]).toEqual([
          ...[at, 'SITE_UNAVAILABLE', `The site of ${leaver} was revoked.`],
        ]);
        expect([at, run.at(stayer).files, run.at(leaver).files.includes('t.csv')]).toEqual([at, [], false]);
      }
      await run.close();
    }
    expect(ends.SUCCESS).toBeGreaterThan(1);
    expect(ends.FAILURE).toBeGreaterThan(2);
  });
});
