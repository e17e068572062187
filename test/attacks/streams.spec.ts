import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { StubIssuer } from '#libs/testing';
import { ApiClient, describeSystem, eventually, TEST_API_KEY } from '../integration/system/index.js';
import { largeBodyChecks } from './large-body-checks.js';
import { within } from '../integration/system/within.js';

/** Streams end within 5 s; the rest is for a busy machine. */
const ENDED_MS = 8_000;
/** What one caller may have open. */
const LIMIT = 20;

describeSystem('somebody whose access has ended', 'postgres', { apps: ['api'] }, (check, system) => {
  largeBodyChecks(check, system);

  check('hears no more from any stream of a key that another replica revoked', async () => {
    const first = system.api;
    await system.startApp('api');
    const { key, key_id: id } = await makeKey(system.api);
    const chainId = await system.api.create({ chain_name: 'of others', tasks: [WAITS] });
    const streams = await Promise.all([
      open(first, '/events', key),
      open(first, `/chains/${chainId}/events`, key),
      open(first, `/chains/${chainId}/tasks/a/logs`, key),
      open(system.api, '/events', key),
    ]);
    const other = await open(first, '/events', (await makeKey(first)).key);
    await system.api.expect(200, `/keys/${id}?confirm=${id}`, { method: 'DELETE' });
    await within(ENDED_MS, 'all four have ended', () => Promise.all(streams.map((stream) => stream.ended)));
    expect((await new ApiClient(first.url, key).call('/events')).status).toBe(401);
    expect(other.over).toBe(false);
    other.cut();
  });

  check('hears no more from the streams of a session once it is signed out', async () => {
    const { key } = await makeKey(system.api);
    const signedIn = await fetch(`${system.api.url}/api/v1/session`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
    });
    const headers = { cookie: signedIn.headers.get('set-cookie')!.split(';', 1)[0]!, 'sec-fetch-site': 'same-origin' };
    const log = `/chains/${await system.api.create({ chain_name: 'of others', tasks: [WAITS] })}/tasks/a/logs`;
    const streams = [
      await open(system.api, '/events', undefined, headers),
      await open(system.api, log, undefined, headers),
    ];
    const other = await open(system.api, '/events', key);
    // By cookie alone, and not for a page of another origin.
    const foreign = { ...headers, 'sec-fetch-site': 'cross-site' };
    await expect(open(system.api, log, undefined, foreign)).rejects.toThrow(/answered 403/);
    const out = await fetch(`${system.api.url}/api/v1/session`, { method: 'DELETE', headers });
    expect(out.status).toBe(204);
    await within(ENDED_MS, 'both have ended', () => Promise.all(streams.map((stream) => stream.ended)));
    await expect(open(system.api, log, undefined, headers)).rejects.toThrow(/answered 401/);
    expect(other.over).toBe(false);
    other.cut();
  });

  check('hears no more once the key has expired', async () => {
    const { key, key_id: id } = await makeKey(system.api, { expires_in_days: 1 });
    const stream = await open(system.api, '/events', key);
    await withConnection(system.databaseUrl, (client) =>
      client.query('UPDATE api_keys SET expires_at = now() WHERE key_id = $1', [id]),
    );
    await within(ENDED_MS, 'the stream has ended', () => stream.ended);
  });

  check('hears no more of a tenant that was closed, the platform among them', async () => {
    const { tenant_id } = await system.api.expect<{ tenant_id: string }>(201, '/tenants', {
      method: 'POST',
      body: { tenant_id: `t${randomUUID().slice(0, 8)}`, name: 'closes' },
    });
    const headers = { 'x-tenant': tenant_id };
    const { key } = await makeKey(system.api, {}, headers);
    // The log of a task of another tenant is not there, however it is asked for.
    const log = `/chains/${await system.api.create({ chain_name: 'of the first tenant', tasks: [WAITS] })}/tasks/a/logs`;
    await expect(open(system.api, log, key)).rejects.toThrow(/answered 404: .*CHAIN_NOT_FOUND/);
    await expect(open(system.api, log, key, { 'last-event-id': '0' })).rejects.toThrow(/answered 404/);
    const streams = [await open(system.api, '/events', key), await open(system.api, '/events', TEST_API_KEY, headers)];
    const own = await open(system.api, '/events', TEST_API_KEY);
    await system.api.expect(200, `/tenants/${tenant_id}`, { method: 'PATCH', body: { enabled: false } });
    await within(ENDED_MS, 'both have ended', () => Promise.all(streams.map((stream) => stream.ended)));
    expect(own.over).toBe(false);
    own.cut();
  });

  check(
    'hears no more once the token has expired, and opens no stream with it while the clock may be wrong',
    async () => {
      const issuer = await StubIssuer.start();
      try {
        await system.startApp('api', { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: 'task-chain' });
        const token = (expires: Date) => issuer.token({ roles: ['viewer'] }, { expires });
        const stream = await open(system.api, '/events', await token(new Date(Date.now() + 4_000)));
        await within(4_000 + ENDED_MS, 'the stream has ended', () => stream.ended);
        const late = new ApiClient(system.api.url, await token(new Date(Date.now() - 1_000)));
        expect((await late.call('/events')).status).toBe(200);
        expect((await late.call('/events', { headers: SSE })).status).toBe(401);
      } finally {
        issuer.close();
      }
    },
  );

  check(`holds no more than ${LIMIT} streams, over all tenants and kinds of stream`, async () => {
    const api = system.api;
    const chainId = await api.create({ chain_name: 'watched', tasks: [WAITS] });
    const paths = ['/events', `/chains/${chainId}/events`, `/chains/${chainId}/tasks/a/logs`];
    const path = (i: number) => paths[i % paths.length]!;
    const { key } = await makeKey(api);
    const streams = await Promise.all(Array.from({ length: LIMIT }, (_, i) => open(api, path(i), key)));
    for (const at of paths) {
      const opened = open(api, at, key);
      await expect(opened).rejects.toThrow(/answered 429: .*20 event streams open, and 20 is the limit: close one/);
    }
    streams.push(await open(api, '/events', TEST_API_KEY));
    streams[0]!.cut();
    const again = await eventually('one more is let in', async () => open(api, '/events', key).catch(() => undefined));
    for (const stream of [...streams, again]) stream.cut();

    const { tenant_id } = await api.expect<{ tenant_id: string }>(201, '/tenants', {
      method: 'POST',
      body: { tenant_id: `t${randomUUID().slice(0, 8)}`, name: 'another' },
    });
    const tenants = [{}, { 'x-tenant': tenant_id }];
    const many = await Promise.allSettled(
      Array.from({ length: 2 * LIMIT }, (_, i) => open(api, '/events', TEST_API_KEY, tenants[i % 2])),
    );
    const opened = many.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    for (const stream of opened) stream.cut();
    expect(opened).toHaveLength(LIMIT);
  });
});

const SSE = { accept: 'text/event-stream' };
const WAITS = { task_id: 'a', task_type: 'diagnostic', depends_on: [], task_params: { task_config: {} } };

interface OpenStream {
  readonly ended: Promise<void>;
  readonly over: boolean;
  cut(): void;
}

/** A stream whose reader takes what comes, until the API ends it. Rejects where it is refused. */
async function open(api: ApiClient, path: string, key: string | undefined, headers: object = {}): Promise<OpenStream> {
  const cut = new AbortController();
  const response = await fetch(`${api.url}/api/v1${path}`, {
    headers: { ...SSE, ...headers, ...(key !== undefined && { authorization: `Bearer ${key}` }) },
    signal: cut.signal,
  });
  if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  let over = false;
  const read = async (): Promise<void> => {
    for await (const _ of response.body!);
    over = true;
  };
  const ended = read();
  ended.catch(() => undefined);
  return {
    ended,
    get over() {
      return over;
    },
    cut: () => cut.abort(),
  };
}

function makeKey(api: ApiClient, more: object = {}, headers: Record<string, string> = {}) {
  return api.expect<{ key: string; key_id: string }>(201, '/keys', {
    method: 'POST',
    headers,
    body: { name: 'a key that leaks', role: 'viewer', ...more },
  });
}
