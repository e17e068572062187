import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLogger, readAppConfig } from '#libs/platform';
import { ApiKeyRepository, openDatabase, SessionRepository, type Database } from '#libs/repositories';
import { createTestDatabase, StubIssuer, type TestDatabase } from '#libs/testing';
import { OidcTokens, type OidcConfig } from '../auth/oidc.js';
import { SignIn } from '../auth/sign-in.js';
import { createApp } from '../create-app.js';

const ADMIN_KEY = 'the-admin-key-of-this-test-and-of-nothing-else';
const SAME = { 'sec-fetch-site': 'same-origin' };
type Headers = Readonly<Record<string, string>>;

describe('a session', () => {
  let database: TestDatabase;
  let issuer: StubIssuer;
  let app: NestFastifyApplication;
  let other: NestFastifyApplication;
  let db: Database;

  beforeAll(async () => {
    database = await createTestDatabase();
    issuer = await StubIssuer.start();
    const config = readAppConfig({
      DATABASE_URL: database.url,
      ADMIN_API_KEY: ADMIN_KEY,
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: 'task-chain',
      OIDC_ROLES_CLAIM: 'realm_access.roles',
    });
    [app, other] = (await Promise.all([0, 1].map(() => createApp(config, createLogger('api', 'silent'))))) as [
      NestFastifyApplication,
      NestFastifyApplication,
    ];
    await Promise.all([app.init(), other.init()]);
    db = (await openDatabase(database.url, { max: 2 })).forTenant('default');
  });
  afterAll(async () => {
    await Promise.all([app.close(), other.close()]);
    await db.close();
    issuer.close();
    await database.drop();
  });

  const ask = (method: 'GET' | 'POST' | 'DELETE', path: string, headers: Headers, payload?: object, of = app) =>
    of.inject({ method, url: `/api/v1${path}`, headers, ...(payload && { payload }) });
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const sql = <Row extends object>(text: string) => db.query<Row>({ name: '', text });
  const makeKey = async (role = 'operator') =>
    (await ask('POST', '/keys', bearer(ADMIN_KEY), { name: 'k', role })).json<{ key: string; key_id: string }>();
  const open = async (token: string, headers: Headers = {}) => {
    const answer = await ask('POST', '/session', { ...bearer(token), ...headers });
    expect(answer.statusCode).toBe(201);
    const set = String(answer.headers['set-cookie']);
    return { set, cookie: { cookie: `theme=dark; ${set.split(';', 1)[0]!}` }, body: answer.json<object>() };
  };
  const status = async (headers: Headers, method: 'GET' | 'POST' = 'GET', of = app) =>
    (await ask(method, method === 'GET' ? '/chains' : '/chains/bulk/pause?dry_run=true', headers, undefined, of))
      .statusCode;

  test('is a cookie that no script reads and no other site sends; the database knows its hash alone', async () => {
    const { key, key_id: id } = await makeKey();
    const { set, cookie, body } = await open(key);
    expect(set).toMatch(/^task_chain_session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
    expect(body).toMatchObject({ actor: `key:${id}`, role: 'operator', tenant: 'default', party: null });
    expect((await ask('GET', '/session', { ...cookie, ...SAME })).json()).toEqual(body);
    const token = /=([\w-]{43})/.exec(set)![1]!;
    expect(JSON.stringify(await sql('SELECT * FROM sessions'))).not.toMatch(new RegExp(`${token}|${key}`));
    const audited = await sql<{ payload: { actor: string; target: string } }>(
      `SELECT payload FROM outbox WHERE payload ->> 'action' = 'createSession'`,
    );
    expect(audited.map(({ payload }) => payload.actor)).toEqual([`key:${id}`]);
    expect(audited[0]!.payload.target).toMatch(/^session-[\w-]{36}$/);
  });

  test('is for https alone where the browser came by it', async () => {
    const { set, cookie } = await open(ADMIN_KEY, { origin: 'https://chains.example.org' });
    expect(set).toMatch(
      /^__Host-task_chain_session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/,
    );
    // Another host of the domain may set the other one.
    const tossed = (await open((await makeKey()).key)).cookie.cookie;
    const mine = { ...SAME, cookie: `${tossed}; ${cookie.cookie}` };
    expect((await ask('GET', '/session', mine)).json()).toMatchObject({ actor: 'admin key' });
  });

  test('counts for requests of the same origin alone', async () => {
    const { cookie } = await open((await makeKey()).key);
    for (const site of ['cross-site', 'same-site', 'none', '']) {
      expect([site, await status({ ...cookie, 'sec-fetch-site': site })]).toEqual([site, 403]);
    }
    expect(await status({ ...cookie, ...SAME })).toBe(200);
    const host = { host: 'chains.example.org' };
    const post = (headers: Headers) => status({ ...cookie, ...host, ...headers }, 'POST');
    for (const origin of ['https://evil.example', 'https://chains.example.org:8443', 'null']) {
      expect([origin, await post({ origin })]).toEqual([origin, 403]);
      expect([origin, await status({ ...cookie, ...host, origin })]).toEqual([origin, 403]);
    }
    expect(await post({})).toBe(403);
    expect(await post({ origin: 'https://chains.example.org' })).toBe(400);
    expect(await post({ ...SAME })).toBe(400);
    expect(await status({ ...cookie, ...host })).toBe(200);
  });

  test('is opened by a key or a token, and by no other session', async () => {
    const { cookie } = await open(ADMIN_KEY);
    expect((await ask('POST', '/session', { ...cookie, ...SAME })).statusCode).toBe(401);
    expect((await ask('POST', '/session', {})).statusCode).toBe(401);
    expect(await status({ ...SAME, cookie: `task_chain_session=${'A'.repeat(43)}` })).toBe(401);
  });

  test('ends at the sign-out: here at once, in another replica within 5 s', async () => {
    const { cookie } = await open((await makeKey()).key);
    const mine = { ...cookie, ...SAME };
    expect(await status(mine, 'GET', other)).toBe(200);
    const out = await ask('DELETE', '/session', mine);
    expect([out.statusCode, out.headers['set-cookie']]).toEqual([
      204,
      'task_chain_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict',
    ]);
    expect(await status(mine)).toBe(401);
    await expectEnd(mine);
  });

  test('ends with its key, and comes back with it', async () => {
    const { key, key_id: id } = await makeKey();
    const { cookie } = await open(key);
    const mine = { ...cookie, ...SAME };
    expect(await status(mine, 'GET', other)).toBe(200);
    await ask('DELETE', `/keys/${id}?confirm=${id}`, bearer(ADMIN_KEY));
    expect(await status(mine)).toBe(401);
    await expectEnd(mine);
    await ask('POST', `/keys/${id}/restore`, bearer(ADMIN_KEY), {});
    expect(await status(mine)).toBe(200);
    await sql(`UPDATE api_keys SET expires_at = now() WHERE key_id = '${id}'`);
    await expectEnd(mine);
  });

  test('of a token lasts no longer than the token, with what the token says', async () => {
    const token = await issuer.token({ realm_access: { roles: ['operator'] } }, { expires: '10 minutes' });
    const { set, cookie, body } = await open(token);
    expect(body).toMatchObject({ actor: 'oidc:ann', role: 'operator' });
    expect(Number(/Max-Age=(\d+)/.exec(set)![1])).toBeLessThanOrEqual(600);
    expect((await ask('GET', '/session', { ...cookie, ...SAME })).json()).toEqual(body);
  });

  test('of a token counts no more where the configuration reads tokens in another way', async () => {
    const { set } = await open(await issuer.token({ realm_access: { roles: ['operator'] } }));
    const token = /=([\w-]{43})/.exec(set)![1]!;
    const config: OidcConfig = {
      ...{ issuer: issuer.url, audience: 'task-chain', rolesClaim: ['realm_access', 'roles'] },
      ...{ roleMap: undefined, tenantClaim: undefined, partyClaim: undefined, client: undefined },
    };
    const by = (tokens?: OidcTokens) =>
      new SignIn(db, new ApiKeyRepository(), new SessionRepository(), undefined, tokens).identifySession(token);
    expect(await by(new OidcTokens(config))).toMatchObject({ actor: 'oidc:ann', role: 'operator' });
    const changes: Partial<OidcConfig>[] = [
      ...[{ issuer: 'https://another.example' }, { audience: 'another' }, { rolesClaim: ['roles'] }],
      ...[
        { roleMap: { operator: 'viewer' } },
        { tenantClaim: ['org'] },
        { partyClaim: ['org'] },
        { client: { id: 'c' } },
      ],
    ];
    for (const change of changes) {
      await expect(by(new OidcTokens({ ...config, ...change }))).rejects.toThrow('The session has ended');
    }
    await expect(by()).rejects.toThrow('The session has ended');
  });

  test('is not opened by a token that has expired, though it counts while clocks may differ', async () => {
    const expires = new Date(Date.now() - 10_000);
    const token = await issuer.token({ realm_access: { roles: ['operator'] } }, { expires });
    expect(await status(bearer(token))).toBe(200);
    const answer = await ask('POST', '/session', bearer(token));
    expect([answer.statusCode, answer.headers['set-cookie']]).toEqual([401, undefined]);
  });

  test('that has expired opens nothing, and its row goes with the next sign-in', async () => {
    const { cookie } = await open(ADMIN_KEY);
    await sql(`UPDATE sessions SET expires_at = now()`);
    expect(await status({ ...cookie, ...SAME })).toBe(401);
    await open(ADMIN_KEY);
    expect(await sql('SELECT FROM sessions')).toHaveLength(1);
  });

  test('has the rights of its key, and no more', async () => {
    const { cookie } = await open((await makeKey('viewer')).key);
    expect(await status({ ...cookie, ...SAME }, 'POST')).toBe(403);
  });

  test('is offered by a key alone where the console is no client of the issuer', async () => {
    const ways = await ask('GET', '/session/ways', {});
    expect([ways.statusCode, ways.json()]).toEqual([200, { oidc: null }]);
    for (const path of ['', '/callback?code=a&state=b', '/sign-out']) {
      expect((await ask('GET', `/session/oidc${path}`, {})).statusCode).toBe(404);
    }
  });

  describe('by a link', () => {
    const HERE = { host: '127.0.0.1:3000' };
    const make = async (token: string) => {
      const made = await ask('POST', '/session/links', bearer(token));
      expect(made.statusCode).toBe(201);
      return made.json<{ token: string; expires_at: string }>();
    };
    const follow = (token: string, headers: Headers = HERE, remoteAddress = '127.0.0.1', of = app) =>
      of.inject({
        method: 'POST',
        url: '/api/v1/session',
        headers: { ...headers, authorization: `Link ${token}` },
        remoteAddress,
      });

    test('signs in once, as who made it', async () => {
      const { key, key_id: id } = await makeKey();
      const { token, expires_at: end } = await make(key);
      expect(Date.parse(end) - Date.now()).toBeLessThanOrEqual(60_000);
      const answers = await Promise.all([follow(token), follow(token), follow(token)]);
      expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 401, 401]);
      const first = answers.find(({ statusCode }) => statusCode === 201)!;
      expect(first.json()).toMatchObject({ actor: `key:${id}`, role: 'operator' });
      const cookie = { cookie: String(first.headers['set-cookie']).split(';', 1)[0]!, ...SAME };
      expect(await status(cookie)).toBe(200);
      expect((await follow(token)).statusCode).toBe(401);
      // It ends with the key, as each session does.
      await ask('DELETE', `/keys/${id}?confirm=${id}`, bearer(ADMIN_KEY));
      expect(await status(cookie)).toBe(401);
    });

    test('is used up by whoever shows it from another machine, or through a proxy, and signs nobody in', async () => {
      const elsewhere: [Headers, string][] = [
        [HERE, '10.0.0.7'],
        [HERE, '::ffff:10.0.0.7'],
        [{ host: 'rebound.example' }, '127.0.0.1'],
        [{ host: '127.0.0.1.rebound.example' }, '127.0.0.1'],
        [{ ...HERE, 'x-forwarded-for': '127.0.0.1' }, '127.0.0.1'],
        [{ ...HERE, forwarded: 'for=127.0.0.1' }, '127.0.0.1'],
      ];
      for (const [headers, address] of elsewhere) {
        const { token } = await make(ADMIN_KEY);
        expect([address, (await follow(token, headers, address)).statusCode]).toEqual([address, 401]);
        expect((await follow(token)).statusCode).toBe(401);
      }
      expect((await follow((await make(ADMIN_KEY)).token, { host: '[::1]:3000' }, '::1')).statusCode).toBe(201);
    });

    test('is no key: it opens no other route, and nothing after its key is revoked', async () => {
      const { key, key_id: id } = await makeKey();
      const { token } = await make(key);
      for (const path of ['/chains', '/session']) {
        const answer = await ask('GET', path, { ...HERE, authorization: `Link ${token}` });
        expect(answer.statusCode).toBe(401);
      }
      expect((await ask('POST', '/session/links', { ...HERE, authorization: `Link ${token}` })).statusCode).toBe(401);
      expect((await ask('POST', '/session', { ...HERE, ...bearer(token) })).statusCode).toBe(401);
      await ask('DELETE', `/keys/${id}?confirm=${id}`, bearer(ADMIN_KEY));
      expect((await follow(token)).statusCode).toBe(401);
    });

    test('is made by a key, not by a session; nobody guesses one; no row of the database holds it', async () => {
      const { cookie } = await open(ADMIN_KEY);
      expect((await ask('POST', '/session/links', { ...cookie, ...SAME })).statusCode).toBe(403);
      expect((await follow('A'.repeat(43))).statusCode).toBe(401);
      const { token } = await make(ADMIN_KEY);
      const rows = await sql(`SELECT payload FROM outbox`);
      expect(JSON.stringify(rows)).toContain('createSessionLink');
      expect(JSON.stringify(rows)).not.toContain(token);
      // Another replica does not know it.
      expect((await follow(token, HERE, '127.0.0.1', other)).statusCode).toBe(401);
    });
  });

  async function expectEnd(headers: Headers): Promise<void> {
    const until = performance.now() + 5_000;
    while ((await status(headers, 'GET', other)) !== 401) {
      expect(performance.now()).toBeLessThan(until);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
});
