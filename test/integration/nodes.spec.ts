import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { freePort, withConnection } from '#libs/local-postgres';
import {
  Authority,
  dial,
  makeIdentity,
  makeRequest,
  ownFingerprint,
  readRequest,
  type Identity,
  type Subject,
  type UplinkFault,
} from '#libs/peers';
import { command, startCommand, type Running } from '../../apps/party-node/src/sites-for-tests.js';
import { expectCopiesMarked, loggedAt, mayMeetIn } from './site-checks.js';
import {
  describeSystem,
  eventually,
  type ApiClient,
  type ChainAnswer,
  type ProblemAnswer,
  type SystemUnderTest,
  type TaskAnswer,
} from './system/index.js';

const work = mkdtempSync(join(tmpdir(), 'task-chain-nodes-'));
afterAll(() => rmSync(work, { recursive: true }));

const key = randomBytes(32);
const nodePort = await freePort();
const secondPort = await freePort();
const [at, second] = [nodePort, secondPort].map((port) => `127.0.0.1:${port}`) as [string, string];
const env = {
  ...{ NODE_CA_KEY: key.toString('base64'), NODE_PORT: String(nodePort), NODE_RELAYS: `${at},${second}` },
  WORKER_TYPES: 'expr,psi',
};
const apps = ['api', 'status-listener', 'compute-worker'] as const;
const MINUTE = 60_000;

interface Node {
  readonly party: string;
  readonly fingerprint: string;
  readonly expires_at: string;
  readonly revoked_at: string | null;
  readonly connected: boolean;
  readonly last_seen_at: string | null;
  readonly protocol_version: number | null;
  readonly software_version: string | null;
  readonly round_trip_ms: number | null;
}
interface Admitted extends Node {
  readonly certificate: string;
}

describeSystem('sites', 'postgres', { apps, env }, (check, system) => {
  const invite = async ({ api }: SystemUnderTest, party: string, body: object = {}): Promise<string> => {
    await api.call('/parties', { method: 'POST', body: { party, name: party } });
    const made = await api.expect<{ token: string }>(201, `/parties/${party}/invitation`, { method: 'POST', body });
    return made.token;
  };
  const ask = async ({ api }: SystemUnderTest, token: string, identity: Identity, subject: Subject, status: number) =>
    api.expect<Admitted & ProblemAnswer>(status, '/nodes/join', {
      method: 'POST',
      headers: { authorization: `Invitation ${token}` },
      body: { csr: await makeRequest(identity, subject) },
    });
  const renew = async ({ api }: SystemUnderTest, identity: Identity, subject: Subject, status: number) =>
    api.expect<Admitted & ProblemAnswer>(status, '/nodes/certificate', {
      method: 'POST',
      headers: { authorization: '' },
      body: { csr: await makeRequest(identity, subject) },
    });
  const sql = (text: string, ...values: unknown[]) =>
    withConnection(system.databaseUrl, async (client) => (await client.query<{ row: string }>(text, values)).rows);
  const nodes = async (api: ApiClient): Promise<Node[]> => (await api.expect<{ items: Node[] }>(200, '/nodes')).items;
  const of = (name: string): Subject => ({ tenant: 'default', name });

  check('join by an invitation, which no row of the database holds', async (one) => {
    const token = await invite(one, 'bank-a');
    const file = join(work, 'invitation');
    writeFileSync(file, `${token}\n`);
    const folder = join(work, 'bank-a');
    const joined = await command(['join', one.api.url, '--invitation', file, '--folder', folder]);
    expect(joined).toMatchObject({ code: 0, out: expect.stringContaining('bank-a has joined') as unknown });
    const { out: fingerprint } = await command(['fingerprint', '--folder', folder]);
    const [node] = await nodes(one.api);
    expect(node).toMatchObject({ party: 'bank-a', dealer: false, fingerprint: fingerprint.trim(), revoked_at: null });
    expect(Math.round((Date.parse(node!.expires_at) - Date.now()) / MINUTE / 60 / 24)).toBe(30);
    const { out: ends } = await command(['renew', '--folder', folder]);
    expect(ends.trim()).toBe(new Date(node!.expires_at).toISOString());
    // It was not renewed yet.
    expect(await loggedAt(folder)).toEqual(['joined']);
    await one.api.expect(200, '/nodes/bank-a?confirm=bank-a', { method: 'DELETE' });
    const shut = await command(['renew', '--folder', folder]);
    expect(shut).toMatchObject({ code: 2, err: expect.stringContaining('refused with 403') as unknown });
    const [secret] = token.split('.').slice(3);
    const rows = await sql(`SELECT to_jsonb(i)::text AS row FROM node_invitations i`);
    expect(rows.map(({ row }) => row).join()).not.toContain(secret);
    expect(rows).toHaveLength(1);
  });

  check('join once, in time, and by the newest invitation', async (one) => {
    const [first, second] = [await makeIdentity('bank-b'), await makeIdentity('bank-b')];
    const older = await invite(one, 'bank-b');
    const token = await invite(one, 'bank-b');
    expect((await ask(one, older, first, of('bank-b'), 401)).code).toBe('UNAUTHENTICATED');
    const both = [first, second].map((identity) => ask(one, token, identity, of('bank-b'), 201));
    const joined = (await Promise.allSettled(both)).map(({ status }) => status);
    expect(joined.sort()).toEqual(['fulfilled', 'rejected']);
    const [winner, loser] =
      (await nodes(one.api)).at(-1)!.fingerprint === ownFingerprint(first) ? [first, second] : [second, first];
    await ask(one, token, loser, of('bank-b'), 401);
    // Its answer may have been lost.
    for (let again = 0; again < 2; again++) await ask(one, token, winner, of('bank-b'), 201);
    await sql(`UPDATE node_invitations SET expires_at = now() WHERE party = 'bank-b'`);
    await ask(one, token, winner, of('bank-b'), 401);
    const late = await invite(one, 'bank-c', { expires_in_minutes: 1 });
    await sql(`UPDATE node_invitations SET expires_at = now() WHERE party = 'bank-c'`);
    await ask(one, late, await makeIdentity('bank-c'), of('bank-c'), 401);
    for (const wrong of ['', 'tci_', token.replace('default', 'other'), `${token}0`])
      await ask(one, wrong, first, of('bank-b'), 401);
    expect((await nodes(one.api)).map(({ party }) => party)).toEqual(['bank-a', 'bank-b']);
  });

  check('join as who was invited, and as nobody else', async (one) => {
    const identity = await makeIdentity('bank-d');
    const token = await invite(one, 'bank-d');
    for (const subject of [of('bank-b'), { tenant: 'acme', name: 'bank-d' }]) {
      const { detail } = await ask(one, token, identity, subject, 400);
      expect(detail).toContain('The invitation is for bank-d');
    }
    // None of it has used the invitation up.
    await ask(one, token, identity, of('bank-d'), 201);
    const again = await invite(one, 'bank-d');
    expect((await ask(one, again, await makeIdentity('bank-d'), of('bank-d'), 409)).code).toBe('NODE_EXISTS');
    const other = await invite(one, 'bank-e');
    expect((await ask(one, other, identity, of('bank-e'), 409)).code).toBe('NODE_KEY_REFUSED');
    // The same key joins anew.
    expect((await ask(one, again, identity, of('bank-d'), 201)).fingerprint).toBe(ownFingerprint(identity));
  });

  check('renew what ends soon, by their own key', async (one) => {
    const identity = await makeIdentity('bank-f');
    const { certificate } = await ask(one, await invite(one, 'bank-f'), identity, of('bank-f'), 201);
    expect((await renew(one, identity, of('bank-f'), 200)).certificate).toBe(certificate);
    await sql(`UPDATE nodes SET expires_at = now() + interval '9 days' WHERE party = 'bank-f'`);
    const renewed = await renew(one, identity, of('bank-f'), 200);
    expect(renewed.certificate).not.toBe(certificate);
    expect(Date.parse(renewed.expires_at) - Date.now()).toBeGreaterThan(29 * 24 * 60 * MINUTE);
    for (const [who, subject] of [
      [await makeIdentity('bank-f'), of('bank-f')],
      [identity, of('bank-a')],
      [identity, { tenant: 'acme', name: 'bank-f' }],
    ] as const)
      expect((await renew(one, who, subject, 403)).code).toBe('FORBIDDEN');
    await sql(`UPDATE nodes SET expires_at = now() WHERE party = 'bank-f'`);
    await renew(one, identity, of('bank-f'), 403);
  });

  check('are revoked for good, and the audit log says who joined and who was shut out', async (one) => {
    const identity = await makeIdentity('bank-g');
    const used = await invite(one, 'bank-g');
    await ask(one, used, identity, of('bank-g'), 201);
    await one.api.expect(400, '/nodes/bank-g', { method: 'DELETE' });
    await one.api.expect(200, '/nodes/bank-g?confirm=bank-g', { method: 'DELETE' });
    await ask(one, used, identity, of('bank-g'), 401);
    await one.api.expect(404, '/nodes/bank-g?confirm=bank-g', { method: 'DELETE' });
    await renew(one, identity, of('bank-g'), 403);
    const again = await invite(one, 'bank-g');
    expect((await ask(one, again, identity, of('bank-g'), 409)).code).toBe('NODE_KEY_REFUSED');
    const fresh = await makeIdentity('bank-g');
    await ask(one, again, fresh, of('bank-g'), 201);
    await renew(one, identity, of('bank-g'), 403);
    const open = await invite(one, 'bank-g');
    await one.api.expect(200, '/nodes/bank-g?confirm=bank-g', { method: 'DELETE' });
    await ask(one, open, await makeIdentity('bank-g'), of('bank-g'), 401);
    const log = await eventually('the changes are in the log', async () => {
      const { items } = await one.api.expect<{ items: { action: string; actor: string }[] }>(
        200,
        '/audit?target=bank-g',
      );
      return items.length === 8 ? items : undefined;
    });
    expect(log.map(({ action, actor }) => [action, actor]).reverse()).toEqual([
      ['createParty', 'admin key'],
      ['inviteNode', 'admin key'],
      ['joinNode', 'node:bank-g'],
      ['revokeNode', 'admin key'],
      ['inviteNode', 'admin key'],
      ['joinNode', 'node:bank-g'],
      ['inviteNode', 'admin key'],
      ['revokeNode', 'admin key'],
    ]);
    const { items } = await one.api.expect<{ items: { details: { reason: string } }[] }>(
      200,
      '/audit?action=refuseSignIn',
    );
    expect(items.map(({ details }) => details.reason)).toContain('wrong invitation');
  });

  check('keep nothing of an authority that did not invite them', async (one) => {
    const token = await invite(one, 'bank-h');
    const file = join(work, 'of-another');
    writeFileSync(file, token.replace(/[0-9a-f]{64}$/, 'a'.repeat(64)));
    const folder = join(work, 'bank-h');
    const url = one.api.url;
    const { code, err } = await command(['join', url, '--invitation', file, '--folder', folder]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('another authority') as unknown });
    expect(err).toContain('no longer safe: ask for a new invitation');
    expect(readdirSync(folder).filter((name) => name.endsWith('.crt'))).toEqual(['node.crt']);
    expect(readFileSync(join(folder, 'node.json'), 'utf8')).not.toContain('control_plane');
  });

  check('keep one connection to the control plane until they are revoked', async (one) => {
    const file = join(work, 'invitation-i');
    writeFileSync(file, await invite(one, 'bank-i'));
    const folder = join(work, 'bank-i');
    expect((await command(['join', one.api.url, '--invitation', file, '--folder', folder])).code).toBe(0);
    const node = async () => (await nodes(one.api)).find(({ party }) => party === 'bank-i')!;
    expect(await node()).toMatchObject({ connected: false, last_seen_at: null, protocol_version: null });
    const first = startCommand('connect', at, '--folder', folder);
    await first.said(`connected to ${at} (protocol 3)`);
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await node()).toMatchObject({ connected: true, protocol_version: 3, software_version: version });
    await eventually('its round trip is known', async () => (await node()).round_trip_ms !== null || undefined);
    expect(await command(['connect', at, '--folder', folder])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Another task-chain-node connect runs') as unknown,
    });
    // As who has copied the key.
    cpSync(folder, `${folder}-copy`, { recursive: true, filter: (path) => path !== join(folder, 'connected') });
    const second = startCommand('connect', at, '--folder', `${folder}-copy`);
    await second.said('connected to');
    await first.said('Another process has connected with the key of this site');
    first.process.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);
    expect((await node()).connected).toBe(true);
    const began = performance.now();
    await one.api.expect(200, '/nodes/bank-i?confirm=bank-i', { method: 'DELETE' });
    expect(await second.ended).toMatchObject({
      code: 2,
      err: expect.stringContaining('This site was revoked') as unknown,
    });
    expect(performance.now() - began).toBeLessThan(MINUTE);
    expect(await node()).toMatchObject({ connected: false, last_seen_at: expect.any(String) as unknown });
    const again = await command(['connect', at, '--folder', folder]);
    expect(again).toMatchObject({ code: 2, err: expect.stringContaining('This site was revoked') as unknown });
    const { port } = await one.app('compute-worker').ready();
    const metrics = await (await fetch(`http://127.0.0.1:${port as number}/metrics`)).text();
    expect(metrics).toMatch(/taskchain_node_refused_total\{reason="REVOKED",.*\} 2/);
    const log = await eventually('the changes are in the log', async () => {
      const { items } = await one.api.expect<{ items: { action: string; details: object }[] }>(
        200,
        '/audit?target=bank-i',
      );
      return items.length === 6 ? items : undefined;
    });
    expect(
      log
        .map(({ action }) => action)
        .reverse()
        .slice(2),
    ).toEqual(['joinNode', 'connectNode', 'revokeNode', 'refuseNode']);
    expect(log[0]!.details).toMatchObject({ reason: 'REVOKED' });
  });

  check('are connected by no certificate that the authority signs, but by their row', async (one) => {
    const identity = await makeIdentity('bank-j');
    const { certificate } = await ask(one, await invite(one, 'bank-j'), identity, of('bank-j'), 201);
    const authority = await Authority.of(key);
    const connect = (cert: string, who = identity) =>
      dial({
        address: { host: '127.0.0.1', port: nodePort },
        identity: { key: who.key, cert },
        authority: authority.cert,
        software: '1.0.0',
        signal: new AbortController().signal,
      });
    const signed = async (who: Identity, subject: Subject) =>
      authority.admit((await readRequest(await makeRequest(who, subject)))!);
    const stranger = await makeIdentity('bank-j');
    for (const [who, subject] of [
      [stranger, of('bank-j')],
      [identity, of('bank-i')],
      [identity, { tenant: 'acme', name: 'bank-j' }],
    ] as const) {
      const refused = await connect(await signed(who, subject), who).catch((error: UplinkFault) => error);
      expect(refused).toMatchObject({ code: 'UNKNOWN' });
    }
    const uplink = await connect(certificate);
    uplink.close();
    await eventually('it is gone', async () => !(await nodes(one.api)).some(({ connected }) => connected) || undefined);
    await sql(`UPDATE nodes SET expires_at = now() WHERE party = 'bank-j'`);
    expect(await connect(certificate).catch((error: UplinkFault) => error)).toMatchObject({ code: 'EXPIRED' });
  });

  /** bank-x connects to bank-y. Both have joined, know each other, and have tables with these keys. */
  const CANARY = `canary${randomBytes(6).toString('hex')}`;
  const folderOf = (site: string): string => join(work, site);
  const atSite = (site: string, ...args: string[]) => command([...args, '--folder', folderOf(site)]);
  const sites = new Map<string, Running>();
  const connect = async (site: string, to = at): Promise<Running> => {
    const running = startCommand('connect', to, '--folder', folderOf(site));
    sites.set(site, running);
    await running.said('connected to');
    return running;
  };
  const kill = async (site: string): Promise<void> => {
    sites.get(site)!.process.kill('SIGKILL');
    await sites.get(site)!.ended;
  };
  afterAll(async () => {
    for (const { process, ended } of sites.values()) {
      process.kill('SIGTERM');
      await ended;
    }
  });
  const chainAtSites = (config: object = {}, settings: object = {}, init: object = { address: 'node' }) => ({
    chain_name: 'at sites',
    tasks: [
      {
        ...{ task_id: 'match', task_type: 'psi', depends_on: [], ...settings },
        task_params: {
          sf_init_config: { parties: ['bank-x', 'bank-y'], ...init },
          task_config: {
            keys: { 'bank-x': ['id'], 'bank-y': ['id'] },
            input_paths: { 'bank-x': 'keys.csv', 'bank-y': 'keys.csv' },
            ...config,
          },
        },
      },
    ],
  });
  const waiting = (site: string): Promise<string> =>
    eventually(`a task waits at ${site}`, async () => {
      const { out } = await atSite(site, 'approvals', 'ls');
      return /^WAITING +(sha256:\S+)/m.exec(out)?.[1];
    });
  const decide = async (site: string, ...decision: string[]) =>
    expect(await atSite(site, 'approvals', decision[0]!, await waiting(site), ...decision.slice(1))).toMatchObject({
      code: 0,
    });
  const stateOf = (chain: string, site: string, state: string) =>
    eventually(`${site} is ${state}`, async () => {
      const rows = await sql(
        `SELECT state AS row FROM node_offers WHERE chain_id = $1 AND party = $2 ORDER BY offered_at`,
        chain,
        site,
      );
      return rows.at(-1)?.row === state || undefined;
    });
  const taskOf = async ({ api }: SystemUnderTest, chain: string): Promise<TaskAnswer> =>
    (await api.expect<ChainAnswer>(200, `/chains/${chain}`)).tasks[0]!;
  const ended = ({ api }: SystemUnderTest, chain: string): Promise<ChainAnswer> =>
    eventually('the chain ends', async () => {
      const found = await api.expect<ChainAnswer>(200, `/chains/${chain}`);
      return ['SUCCESS', 'FAILURE', 'CANCELLED'].includes(found.status) ? found : undefined;
    });

  check('run a task at sites once both have accepted it, though the worker is killed meanwhile', async (one) => {
    const listen = `127.0.0.1:${await freePort()}`;
    const join_ = async (site: string, ...more: string[]): Promise<void> => {
      const file = join(work, `invitation-${site}`);
      writeFileSync(file, await invite(one, site));
      expect(await atSite(site, 'join', one.api.url, '--invitation', file, ...more)).toMatchObject({ code: 0 });
    };
    await join_('bank-x');
    const refused = await one.api.expect<ProblemAnswer>(400, '/chains', { method: 'POST', body: chainAtSites() });
    expect(refused.errors).toEqual([
      {
        code: 'SITE_UNKNOWN',
        pointer: '/tasks/0/task_params/sf_init_config/parties',
        message: expect.stringContaining(
          'no site of the party "bank-y" has joined, or it was revoked, or its certificate has ended. Invite it with',
        ) as unknown,
      },
    ]);
    await join_('bank-y', '--listen', listen);
    const print = async (site: string) => (await atSite(site, 'fingerprint')).out.trim();
    await atSite('bank-x', 'peers', 'add', 'bank-y', await print('bank-y'), '--address', listen);
    await atSite('bank-y', 'peers', 'add', 'bank-x', await print('bank-x'));
    for (const [site, first] of [
      ['bank-x', 0],
      ['bank-y', 15],
    ] as const) {
      const rows = Array.from({ length: 40 }, (_, at) => `${CANARY}${first + at},${at}`);
      writeFileSync(join(folderOf(site), 'data', site, 'keys.csv'), `id,amount\n${rows.join('\n')}\n`);
    }
    const chain = await one.api.start(chainAtSites());
    await connect('bank-x');
    expect((await atSite('bank-x', 'approvals', 'show', await waiting('bank-x'))).out).toContain('of bank-x, bank-y');
    await decide('bank-x', 'accept');
    await stateOf(chain, 'bank-x', 'ACCEPTED');
    expect(await taskOf(one, chain)).toMatchObject({ status: 'QUEUED', started_at: null });
    await one.app('compute-worker').kill();
    await one.startApp('compute-worker');
    await connect('bank-y');
    await decide('bank-y', 'accept');
    const { status, error, tasks } = await ended(one, chain);
    expect({ status, error }).toEqual({ status: 'SUCCESS', error: null });
    // The same attempt, and the same offers.
    expect(tasks[0]).toMatchObject({ attempt: 1, losses: 0, result: { intersection_count: 25 } });
    expect(await sql(`SELECT count(DISTINCT run)::text AS row FROM node_offers`)).toEqual([{ row: '1' }]);
    const { items } = await one.api.expect<{ items: Record<string, unknown>[] }>(
      200,
      `/chains/${chain}/tasks/match/artifacts`,
    );
    expect(items.map(({ party }) => party)).toEqual(['bank-x', 'bank-y']);
    expect(items.map(({ at_site: site }) => site)).toEqual(['bank-x', 'bank-y']);
    // The task has ended, and the sites hear that it counts.
    for (const site of ['bank-x', 'bank-y'])
      await eventually(
        `${site} has named its files`,
        async () => (await outcomeAt(site)).includes('DONE') || undefined,
      );
    await eventually(
      'the control plane has heard that',
      async () => (await sql(`SELECT run::text AS row FROM node_decisions`)).length === 0 || undefined,
    );
    const [{ name, sha256 }] = items as [{ name: string; sha256: string }];
    const file = readFileSync(join(folderOf('bank-x'), 'artifacts', chain, 'match', name));
    expect(file.toString()).toContain(CANARY);
    expect(createHash('sha256').update(file).digest('hex')).not.toBe(sha256);
    const there = `/chains/${chain}/tasks/match/artifacts/${name}`;
    expect((await one.api.expect<ProblemAnswer>(404, there)).detail).toContain('lies at the site of bank-x');
  });

  check('keep their ledgers, of which the server says that it has a copy', (one) => expectCopiesMarked(one.api, sql));
  const outcomeAt = async (site: string): Promise<string> => (await atSite(site, 'approvals', 'ls')).out;

  check('meet over the relay of the worker where neither reaches the other', async (one) => {
    // Each is connected to another worker, and both come to the same one of two relays.
    await one.startApp('compute-worker', { NODE_PORT: String(secondPort) });
    await kill('bank-y');
    await connect('bank-y', second);
    for (const [site, other] of [
      ['bank-x', 'bank-y'],
      ['bank-y', 'bank-x'],
    ] as const) {
      await atSite(site, 'peers', 'rm', other);
      const print = (await atSite(other, 'fingerprint')).out.trim();
      expect(await atSite(site, 'peers', 'add', other, print, '--relay')).toMatchObject({ code: 0 });
    }
    const chain = await one.api.start(chainAtSites({ protocol: 'KKRT_PSI_2PC' }));
    for (const site of ['bank-x', 'bank-y']) await decide(site, 'accept');
    const { status, tasks } = await ended(one, chain);
    expect({ status, result: tasks[0]!.result }).toMatchObject({
      status: 'SUCCESS',
      result: { intersection_count: 25, psi_protocol: 'KKRT_PSI_2PC' },
    });
  });
  const mayMeet = mayMeetIn(() => system.databaseUrl);

  check('leave nothing of their tables with the control plane', async (one) => {
    const tables = await sql(
      `SELECT format('%I.%I', table_schema, table_name) AS row FROM information_schema.tables
        WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
    );
    expect(tables.length).toBeGreaterThan(30);
    for (const { row } of tables) {
      const found = await sql(`SELECT count(*)::text AS row FROM ${row} t WHERE t::text LIKE '%' || $1 || '%'`, CANARY);
      expect([row, found]).toEqual([row, [{ row: '0' }]]);
    }
    const folders = readdirSync(join(one.artifactRoot, '..'), { recursive: true, withFileTypes: true });
    for (const file of folders.filter((each) => each.isFile()))
      expect(readFileSync(join(file.parentPath, file.name)).includes(CANARY)).toBe(false);
    expect(one.apps.flatMap(({ lines }) => lines).join()).not.toContain(CANARY);
  });

  check('refuse a task, and say why', async (one) => {
    // It says no address: it runs there as all its parties have joined.
    const body = chainAtSites({}, {}, {});
    const at = (address: string) => chainAtSites({}, {}, { address });
    for (const [asked, sites] of [
      [body, ['match']],
      [at('local'), []],
    ] as const)
      expect(await one.api.expect(200, '/chains/validate', { method: 'POST', body: asked })).toMatchObject({
        ...{ valid: true, at_sites: sites },
      });
    const chain = await one.api.start(body);
    const stored = await one.api.expect(200, `/chains/${chain}/tasks/match`);
    expect(stored).toMatchObject({ params: at('node').tasks[0]!.task_params });
    await decide('bank-x', 'accept');
    await decide('bank-y', 'refuse', '--reason', 'not this week');
    const { error, tasks } = await ended(one, chain);
    expect(error).toMatchObject({ code: 'SITE_REFUSED' });
    expect(tasks[0]!.error).toMatchObject({
      code: 'SITE_REFUSED',
      message: 'The site of bank-y refused the task: not this week',
    });
  });

  check('end what is cancelled, where it waits and where it runs', async (one) => {
    const chain = await one.api.start(chainAtSites());
    for (const site of ['bank-x', 'bank-y']) await waiting(site);
    await one.api.expect(200, `/chains/${chain}/cancel`, { method: 'POST' });
    await stateOf(chain, 'bank-x', 'CANCELLED');
    for (const site of ['bank-x', 'bank-y'])
      await eventually('nothing waits', async () => !(await outcomeAt(site)).includes('WAITING') || undefined);
    const later = await one.api.start(chainAtSites());
    await decide('bank-y', 'accept');
    await stateOf(later, 'bank-y', 'ACCEPTED');
    expect(await mayMeet(later, 'bank-y', 'bank-x')).toBe(false);
    // bank-x runs, and waits for it.
    await kill('bank-y');
    await decide('bank-x', 'accept');
    await stateOf(later, 'bank-x', 'RUNNING');
    await eventually('the task runs', async () => (await taskOf(one, later)).status === 'RUNNING' || undefined);
    // Its two sites alone, and while both count.
    for (const [site, other, may] of [
      ['bank-x', 'bank-y', true],
      ['bank-y', 'bank-x', true],
      ['bank-j', 'bank-y', false],
      ['bank-x', 'bank-j', false],
    ] as const)
      expect([site, other, await mayMeet(later, site, other)]).toEqual([site, other, may]);
    const several = await sql(
      `SELECT string_agg(may::text, ' ' ORDER BY leg) AS row
         FROM (SELECT run, array_agg(fingerprint) AS k FROM node_offers WHERE chain_id = $1 GROUP BY run) r,
              may_meet(array_fill('default'::varchar, '{4}'), k || k, ARRAY[run, gen_random_uuid(), run, run], ARRAY[k[2], k[1], k[2], k[1]])`,
      later,
    );
    expect(several).toEqual([{ row: 'true false true true' }]);
    const changes = ['nodes SET expires_at = now()', 'nodes SET revoked_at = now()', 'tenants SET enabled = false'];
    for (const change of changes)
      expect([change, await mayMeet(later, 'bank-x', 'bank-y', `UPDATE ${change}`)]).toEqual([change, false]);
    expect(await mayMeet(chain, 'bank-x', 'bank-y')).toBe(false);
    await one.api.expect(200, `/chains/${later}/cancel`, { method: 'POST' });
    expect(await mayMeet(later, 'bank-x', 'bank-y')).toBe(false);
    await sites.get('bank-x')!.said('PARTY_LOST');
    expect(await outcomeAt('bank-x')).toContain('ENDED');
    await connect('bank-y');
    // It accepted that, and does not run it any more.
    await eventually('it is forgotten', async () => !(await outcomeAt('bank-y')).includes('ACCEPTED') || undefined);
  });

  check('lose a run with a site that is killed, and try it again with their accepts', async (one) => {
    const chain = await one.api.start(chainAtSites({}, { retry_policy: { max_retries: 1, delay_ms: 100 } }));
    await decide('bank-y', 'accept', '--again');
    await stateOf(chain, 'bank-y', 'ACCEPTED');
    await kill('bank-y');
    await decide('bank-x', 'accept', '--again');
    await stateOf(chain, 'bank-x', 'RUNNING');
    await kill('bank-x');
    for (const site of ['bank-x', 'bank-y']) await connect(site);
    const { status, tasks } = await ended(one, chain);
    expect(status).toBe('SUCCESS');
    expect(tasks[0]).toMatchObject({ attempt: 2, result: { intersection_count: 25 } });
    expect(await sql(`SELECT DISTINCT run::text AS row FROM node_offers WHERE chain_id = $1`, chain)).toHaveLength(2);
  });

  check('have nobody answer for them, and run nothing but what they accepted', async (one) => {
    const chain = await one.api.start(chainAtSites());
    await waiting('bank-y');
    const [{ row: run }] = (await sql(`SELECT run::text AS row FROM node_offers WHERE chain_id = $1`, chain)) as [
      { row: string },
    ];
    const connections = async (party: string): Promise<string> =>
      (await sql(`SELECT connection::text AS row FROM nodes WHERE party = $1 AND revoked_at IS NULL`, party))[0]!.row;
    const answer = async (connection: string, of: string, state = 'ACCEPTED'): Promise<boolean> =>
      withConnection(system.databaseUrl, async (client) => {
        const text = `SELECT answer_offer($1, $2, $3, NULL, NULL, NULL) AS stored`;
        return (await client.query<{ stored: boolean }>(text, [connection, of, state])).rows[0]!.stored;
      });
    const other = randomUUID();
    await sql(`UPDATE nodes SET connection = $1, revoked_at = NULL WHERE party = 'bank-d'`, other);
    // Another site, nobody, a run that is over, and what does not follow on what was said.
    expect(await answer(other, run)).toBe(false);
    expect(await answer(randomUUID(), run)).toBe(false);
    for (const { row } of await sql(`SELECT run::text AS row FROM node_offers WHERE chain_id <> $1`, chain))
      expect(await answer(await connections('bank-x'), row)).toBe(false);
    for (const state of ['RUNNING', 'FAILED', 'PREPARED', 'DONE'])
      expect(await answer(await connections('bank-x'), run, state)).toBe(false);
    await decide('bank-x', 'accept');
    await stateOf(chain, 'bank-x', 'ACCEPTED');
    // The control plane shows bank-x another task than the one that was accepted there.
    await sql(`UPDATE node_offers SET task = replace(task, 'keys.csv', 'salaries.csv') WHERE chain_id = $1`, chain);
    await kill('bank-x');
    await connect('bank-x');
    expect((await atSite('bank-x', 'approvals', 'show', await waiting('bank-x'))).out).toContain('salaries.csv');
    await decide('bank-y', 'accept');
    const { tasks } = await ended(one, chain);
    expect(tasks[0]!.error).toMatchObject({
      code: 'SITE_REFUSED',
      message: 'The site of bank-x says: Nobody at this site has accepted the task of this run.',
    });
  });
});
