import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
import { command, startCommand } from '../../apps/party-node/src/sites-for-tests.js';
import {
  describeSystem,
  eventually,
  type ApiClient,
  type ProblemAnswer,
  type SystemUnderTest,
} from './system/index.js';

const work = mkdtempSync(join(tmpdir(), 'task-chain-nodes-'));
afterAll(() => rmSync(work, { recursive: true }));

const key = randomBytes(32);
const nodePort = await freePort();
const env = { NODE_CA_KEY: key.toString('base64'), NODE_PORT: String(nodePort), WORKER_TYPES: 'expr' };
const apps = ['api', 'status-listener', 'compute-worker'] as const;
const at = `127.0.0.1:${nodePort}`;
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
    await first.said(`connected to ${at} (protocol 1)`);
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await node()).toMatchObject({ connected: true, protocol_version: 1, software_version: version });
    const second = startCommand('connect', at, '--folder', folder);
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
});
