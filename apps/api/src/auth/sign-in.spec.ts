import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { generateKeyPair } from 'jose';
import { makeIdentity, makeRequest } from '#libs/peers';
import { createLogger, readAppConfig } from '#libs/platform';
import { ApiKeyRepository, Databases, openDatabase, SessionRepository, type Database } from '#libs/repositories';
import { createTestDatabase, StubIssuer, type TestDatabase } from '#libs/testing';
import { createApp } from '../create-app.js';
import { actingFor } from './acting-for.js';
import { OidcTokens } from './oidc.js';
import { ROLES, type Role } from './roles.js';
import { routesOf } from './routes-for-tests.js';
import { hashOf, newKey, SignIn } from './sign-in.js';

const ADMIN_KEY = 'the-admin-key-of-this-test-and-of-nothing-else';

/** Who may call what: each route of the API, HEAD left out where GET is there. A signed one takes no key. */
const NEEDED: Readonly<Record<string, Role | 'open' | 'signed'>> = {
  'GET /': 'open',
  'GET /sign-in': 'open',
  'GET /chains': 'open',
  'GET /chains/:chain_id': 'open',
  'GET /approvals': 'open',
  'GET /data': 'open',
  'GET /data/:party/:name': 'open',
  'GET /designer': 'open',
  'GET /schedules': 'open',
  'GET /schedules/:schedule_id': 'open',
  'GET /settings': 'open',
  'GET /templates': 'open',
  'GET /templates/:template_id': 'open',
  'GET /task-types': 'open',
  'GET /workers': 'open',
  'GET /assets/*': 'open',
  'GET /api/openapi.json': 'open',
  'GET /api/openapi-3.0.json': 'open',
  'GET /schemas/chain.json': 'open',
  'GET /health/live': 'open',
  'GET /health/ready': 'open',
  'POST /api/v1/hooks/:schedule_id': 'signed',
  'POST /api/v1/nodes/join': 'signed',
  'POST /api/v1/nodes/certificate': 'open',
  'GET /metrics': 'viewer',
  'GET /api/v1/chains': 'viewer',
  'POST /api/v1/chains': 'author',
  'POST /api/v1/chains/validate': 'viewer',
  'GET /api/v1/chains/metrics': 'viewer',
  'POST /api/v1/chains/bulk/cancel': 'operator',
  'POST /api/v1/chains/bulk/pause': 'operator',
  'POST /api/v1/chains/bulk/resume': 'operator',
  'POST /api/v1/chains/bulk/retry': 'operator',
  'GET /api/v1/chains/:chain_id': 'viewer',
  'DELETE /api/v1/chains/:chain_id': 'operator',
  'GET /api/v1/chains/:chain_id/graph': 'viewer',
  'GET /api/v1/chains/:chain_id/events': 'viewer',
  'POST /api/v1/chains/:chain_id/execute': 'operator',
  'POST /api/v1/chains/:chain_id/cancel': 'operator',
  'POST /api/v1/chains/:chain_id/pause': 'operator',
  'POST /api/v1/chains/:chain_id/resume': 'operator',
  'POST /api/v1/chains/:chain_id/retry': 'operator',
  'POST /api/v1/chains/:chain_id/priority': 'operator',
  'GET /api/v1/chains/:chain_id/tasks': 'viewer',
  'GET /api/v1/chains/:chain_id/tasks/:task_id': 'viewer',
  'GET /api/v1/chains/:chain_id/tasks/:task_id/attempts': 'viewer',
  'GET /api/v1/chains/:chain_id/tasks/:task_id/logs': 'viewer',
  'GET /api/v1/chains/:chain_id/tasks/:task_id/artifacts': 'viewer',
  'GET /api/v1/chains/:chain_id/tasks/:task_id/artifacts/*': 'viewer',
  'POST /api/v1/chains/:chain_id/tasks/:task_id/skip': 'operator',
  'POST /api/v1/chains/:chain_id/tasks/:task_id/resolve': 'operator',
  'POST /api/v1/chains/:chain_id/tasks/:task_id/priority': 'operator',
  'POST /api/v1/chains/:chain_id/tasks/:task_id/retry': 'operator',
  'GET /api/v1/events': 'viewer',
  'GET /api/v1/task-types': 'viewer',
  'GET /api/v1/workers': 'viewer',
  'GET /api/v1/sign-offs': 'viewer',
  'POST /api/v1/chains/:chain_id/tasks/:task_id/sign-off': 'viewer',
  'POST /api/v1/signals': 'operator',
  'GET /api/v1/signals': 'viewer',
  'GET /api/v1/signals/:signal_id': 'viewer',
  'GET /api/v1/schedules': 'viewer',
  'POST /api/v1/schedules': 'author',
  'POST /api/v1/schedules/preview': 'author',
  'GET /api/v1/schedules/:schedule_id': 'viewer',
  'PUT /api/v1/schedules/:schedule_id': 'author',
  'DELETE /api/v1/schedules/:schedule_id': 'author',
  'POST /api/v1/schedules/:schedule_id/restore': 'author',
  'GET /api/v1/schedules/:schedule_id/ticks': 'viewer',
  'POST /api/v1/schedules/:schedule_id/webhook-secret': 'author',
  'POST /api/v1/schedules/:schedule_id/run': 'author',
  'POST /api/v1/schedules/:schedule_id/backfill': 'author',
  'POST /api/v1/schedules/:schedule_id/pause': 'operator',
  'POST /api/v1/schedules/:schedule_id/resume': 'operator',
  'GET /api/v1/templates': 'viewer',
  'POST /api/v1/templates': 'author',
  'GET /api/v1/templates/:template_id': 'viewer',
  'PUT /api/v1/templates/:template_id': 'author',
  'DELETE /api/v1/templates/:template_id': 'author',
  'POST /api/v1/templates/:template_id/restore': 'author',
  'GET /api/v1/templates/:template_id/versions': 'viewer',
  'GET /api/v1/templates/:template_id/versions/:version': 'viewer',
  'POST /api/v1/templates/:template_id/versions/:version/restore': 'author',
  'PUT /api/v1/templates/:template_id/labels/:label': 'author',
  'POST /api/v1/templates/:template_id/chains': 'author',
  'POST /api/v1/templates/:template_id/chains/preview': 'author',
  'POST /api/v1/templates/:template_id/copy': 'author',
  'GET /api/v1/templates/:template_id/diff': 'viewer',
  'GET /api/v1/chains/:chain_id/template-diff': 'viewer',
  'GET /api/v1/webhooks': 'operator',
  'POST /api/v1/webhooks': 'admin',
  'DELETE /api/v1/webhooks/:webhook_id': 'admin',
  'POST /api/v1/webhooks/:webhook_id/restore': 'admin',
  'POST /api/v1/secrets/:name/restore': 'admin',
  'GET /api/v1/webhooks/:webhook_id/deliveries': 'operator',
  'POST /api/v1/webhooks/:webhook_id/deliveries/:delivery_id/replay': 'operator',
  'GET /api/v1/tenant': 'viewer',
  'GET /api/v1/tenants': 'platform',
  'POST /api/v1/tenants': 'platform',
  'PATCH /api/v1/tenants/:tenant_id': 'platform',
  'GET /api/v1/audit': 'admin',
  'GET /api/v1/secrets': 'admin',
  'PUT /api/v1/secrets/:name': 'admin',
  'DELETE /api/v1/secrets/:name': 'admin',
  'GET /api/v1/parties': 'viewer',
  'POST /api/v1/parties': 'admin',
  'GET /api/v1/parties/:party': 'viewer',
  'GET /api/v1/parties/:party/statements': 'viewer',
  'PUT /api/v1/parties/:party/statements': 'author',
  'POST /api/v1/parties/:party/invitation': 'admin',
  'GET /api/v1/nodes': 'viewer',
  'DELETE /api/v1/nodes/:party': 'admin',
  'GET /api/v1/datasets': 'viewer',
  'GET /api/v1/datasets/:party/:name/account': 'viewer',
  'GET /api/v1/datasets/:party/:name/ledger': 'viewer',
  'GET /api/v1/chains/:chain_id/tasks/:task_id/openings': 'viewer',
  'GET /api/v1/approvals': 'viewer',
  'GET /api/v1/chains/:chain_id/approvals': 'viewer',
  'GET /api/v1/session/ways': 'open',
  'GET /api/v1/session/oidc': 'open',
  'GET /api/v1/session/oidc/callback': 'open',
  'GET /api/v1/session/oidc/sign-out': 'open',
  'GET /api/v1/session': 'viewer',
  'POST /api/v1/session': 'viewer',
  'DELETE /api/v1/session': 'viewer',
  'POST /api/v1/session/links': 'viewer',
  'GET /api/v1/keys': 'admin',
  'POST /api/v1/keys': 'admin',
  'DELETE /api/v1/keys/:key_id': 'admin',
  'POST /api/v1/keys/:key_id/restore': 'admin',
};

const apiKeys = new ApiKeyRepository();

describe('sign-in', () => {
  let database: TestDatabase;
  let issuer: StubIssuer;
  let app: NestFastifyApplication;
  let db: Database;
  const keys = {} as Record<Role, string>;

  beforeAll(async () => {
    database = await createTestDatabase();
    issuer = await StubIssuer.start();
    const config = readAppConfig({
      DATABASE_URL: database.url,
      ADMIN_API_KEY: ADMIN_KEY,
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: 'task-chain',
      OIDC_ROLES_CLAIM: 'realm_access.roles',
      OIDC_PARTY_CLAIM: 'org.party',
    });
    app = await createApp(config, createLogger('api', 'silent'));
    await app.init();
    db = (await openDatabase(database.url, { max: 2 })).forTenant('default');
    for (const role of ROLES) keys[role] = role === 'platform' ? ADMIN_KEY : (await makeKey(role)).key;
  });
  afterAll(async () => {
    await app.close();
    await db.close();
    issuer.close();
    await database.drop();
  });

  const inject = (method: string, url: string, token?: string, payload?: object) =>
    app.inject({
      method: method as 'GET',
      url,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      ...(payload && { payload }),
    });
  const makeKey = async (role: Role, more: object = {}): Promise<{ key: string; key_id: string }> => {
    const answer = await inject('POST', '/api/v1/keys', ADMIN_KEY, { name: `a ${role}`, role, ...more });
    expect(answer.statusCode).toBe(201);
    return answer.json();
  };
  const status = async (token: string): Promise<number> =>
    (await inject('GET', '/api/v1/task-types', token)).statusCode;

  test('knows of each route who may call it', () => {
    const drawn = app.getHttpAdapter().getInstance().printRoutes();
    const routes = routesOf(drawn).filter(
      (route) => !route.startsWith('HEAD ') && !/^GET \/docs|^[A-Z]+ \/admin\/queues/.test(route),
    );
    expect(routes.sort()).toEqual(Object.keys(NEEDED).sort());
  });

  for (const [route, needed] of Object.entries(NEEDED)) {
    const [method, pattern] = route.split(' ') as [string, string];
    const url = pattern.replaceAll(/:\w+|\*/g, 'none');
    const ask = async (token?: string): Promise<{ status: number; code: string | undefined }> => {
      const answer = await inject(method, url, token, method === 'POST' ? {} : undefined);
      const problem = answer.headers['content-type']?.toString().startsWith('application/problem+json');
      return { status: answer.statusCode, code: problem ? answer.json<{ code: string }>().code : undefined };
    };
    test(`${route} takes ${needed}`, async () => {
      if (needed === 'open') return expect([401, 403, 500]).not.toContain((await ask()).status);
      expect(await ask()).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
      expect(await ask(newKey())).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
      if (needed === 'signed') return expect(await ask(ADMIN_KEY)).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
      for (const role of ROLES) {
        const answer = await ask(keys[role]);
        if (ROLES.indexOf(role) < ROLES.indexOf(needed)) expect(answer).toEqual({ status: 403, code: 'FORBIDDEN' });
        else expect([401, 403, 500]).not.toContain(answer.status);
      }
    });
  }

  test('asks before a body is read, and of what is not there', async () => {
    const answer = await app.inject({
      method: 'POST',
      url: '/api/v1/chains',
      headers: { 'content-type': 'application/json' },
      payload: '{"chain_name":',
    });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect((await inject('GET', '/api/v1/nothing')).statusCode).toBe(401);
    expect((await inject('GET', '/api/v1/nothing', ADMIN_KEY)).statusCode).toBe(404);
    expect((await inject('GET', '/docs')).statusCode).toBeLessThan(400);
    expect((await inject('GET', '/docs-json')).statusCode).toBe(200);
  });

  test('who names a tenant that is not there makes nothing that is kept, nor sends long bodies', async () => {
    const databases = jest.spyOn(app.get(Databases), 'forTenant');
    const join = (tenant: string) =>
      app.inject({
        method: 'POST',
        url: '/api/v1/nodes/join',
        headers: { authorization: `Invitation tci_${tenant}.bank-a.party.${'s'.repeat(43)}.${'a'.repeat(64)}` },
        payload: { csr: '-' },
      });
    for (const tenant of ['nobody-1', 'nobody-2', 'default']) expect((await join(tenant)).statusCode).toBe(401);
    const csr = await makeRequest(await makeIdentity('bank-a'), { tenant: 'nobody-3', name: 'bank-a' });
    expect((await inject('POST', '/api/v1/nodes/certificate', undefined, { csr })).statusCode).toBe(403);
    const named = databases.mock.calls.map(([tenant]) => tenant);
    databases.mockRestore();
    expect(named).toContain('default');
    expect(named.filter((tenant) => tenant.startsWith('nobody'))).toEqual([]);

    for (const url of ['/api/v1/nodes/join', '/api/v1/nodes/certificate']) {
      const sized = async (bytes: number) =>
        (await inject('POST', url, undefined, { csr: 'x'.repeat(bytes) })).statusCode;
      expect([await sized(16_000), await sized(16_384)]).toEqual([url.endsWith('join') ? 401 : 400, 413]);
    }
  });

  for (const header of [
    '',
    'Bearer',
    'Bearer ',
    `Basic ${ADMIN_KEY}`,
    ADMIN_KEY,
    `Bearer ${ADMIN_KEY}x`,
    'Bearer a.b.c',
  ]) {
    test(`refuses ${JSON.stringify(header.replace(ADMIN_KEY, '<admin key>'))}`, async () => {
      const answer = await app.inject({ url: '/api/v1/chains', headers: { authorization: header } });
      expect(answer.statusCode).toBe(401);
    });
  }

  test('a key is stored as its hash alone, tells when it was used, and is written to the audit log', async () => {
    const { key, key_id: id } = await makeKey('viewer', { expires_in_days: 2 });
    expect(key).toMatch(/^tck_[A-Za-z0-9_-]{43}$/);
    expect(await status(key)).toBe(200);
    const rows = await db.query<Record<string, unknown>>({ name: '', text: 'SELECT * FROM api_keys' });
    expect(JSON.stringify(rows)).not.toContain(key);
    const list = (await inject('GET', '/api/v1/keys', ADMIN_KEY)).json<{ items: Record<string, string | null>[] }>();
    const shown = list.items.find((item) => item['key_id'] === id)!;
    expect(JSON.stringify(list)).not.toContain(key);
    expect(shown).toMatchObject({ role: 'viewer', created_by: 'admin key', revoked_at: null });
    expect(Date.parse(shown['expires_at']!) - Date.parse(shown['created_at']!)).toBe(2 * 86_400_000);
    expect(Date.now() - Date.parse(shown['last_used_at']!)).toBeLessThan(60_000);
    const entries = await db.query<{ payload: Record<string, unknown> }>({
      name: '',
      text: `SELECT payload FROM outbox WHERE payload ->> 'target' = '${id}'`,
    });
    expect(entries.map(({ payload }) => [payload['actor'], payload['action']])).toEqual([['admin key', 'createKey']]);
  });

  test('a request that is replayed makes no second key, and nothing keeps the first', async () => {
    const ask = async () => {
      const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'idempotency-key': 'one' };
      const payload = { name: 'once', role: 'viewer' };
      return app.inject({ method: 'POST', url: '/api/v1/keys', headers, payload });
    };
    const first = (await ask()).json<{ key: string; key_id: string }>();
    const again = await ask();
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.json()).toEqual({ ...first, key: null });
    expect(await status(first.key)).toBe(200);
    const kept = await db.query<{ response: unknown }>({ name: '', text: 'SELECT response FROM idempotency_keys' });
    expect(JSON.stringify(kept)).toContain(first.key_id);
    expect(JSON.stringify(kept)).not.toContain(first.key);
  });

  test('metrics of the process and workers, which are of all tenants, are not for a tenant', async () => {
    const as = (tenant: string, method: 'GET' | 'POST', url: string, payload?: object) =>
      app.inject({ method, url, headers: { authorization: `Bearer ${ADMIN_KEY}`, 'x-tenant': tenant }, payload });
    await as('default', 'POST', '/api/v1/tenants', { tenant_id: 'acme', name: 'Acme' });
    const made = await as('acme', 'POST', '/api/v1/keys', { name: 'of acme', role: 'admin' });
    const { key } = made.json<{ key: string }>();
    for (const url of ['/metrics', '/api/v1/workers']) {
      const refused = await inject('GET', url, key);
      expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([403, 'FORBIDDEN']);
      expect((await as('acme', 'GET', url)).statusCode).toBe(200);
      expect((await inject('GET', url, keys.viewer)).statusCode).toBe(200);
    }
  });

  test('a revoked key opens nothing: here at once, elsewhere within 5 s; an expired one neither', async () => {
    const { key, key_id: id } = await makeKey('viewer');
    let now = 0;
    const elsewhere = new SignIn(db, apiKeys, new SessionRepository(), undefined, undefined, () => now);
    const bearer = `Bearer ${key}`;
    expect(await elsewhere.identify(bearer)).toEqual({ actor: `key:${id}`, role: 'viewer', tenant: 'default' });
    expect(await status(key)).toBe(200);
    expect((await inject('DELETE', `/api/v1/keys/${id}?confirm=${id}`, ADMIN_KEY)).statusCode).toBe(200);
    expect(await status(key)).toBe(401);
    now = 3_999;
    expect(await elsewhere.identify(bearer)).toMatchObject({ role: 'viewer' });
    now = 4_000;
    await expect(elsewhere.identify(bearer)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await inject('DELETE', `/api/v1/keys/${id}?confirm=${id}`, ADMIN_KEY)).statusCode).toBe(404);

    const old = newKey();
    await apiKeys.insert(db, 'old', { name: 'old', role: 'admin', hash: hashOf(old), days: 0, party: null }, null);
    expect(await status(old)).toBe(401);
  });

  test('revoking asks for the id again, and can be taken back for a day', async () => {
    const { key, key_id: id } = await makeKey('viewer');
    const revoke = (query: string) => inject('DELETE', `/api/v1/keys/${id}${query}`, ADMIN_KEY);
    const restore = async () => (await inject('POST', `/api/v1/keys/${id}/restore`, ADMIN_KEY, {})).statusCode;
    for (const query of ['', '?confirm=', '?confirm=key-other', '?dry_run=false', `?confirm=${id}&confirm=${id}`]) {
      const refused = await revoke(query);
      expect([query, refused.statusCode]).toEqual([query, 400]);
      expect(refused.json<{ code: string }>().code).toBe('CONFIRMATION_REQUIRED');
    }
    expect((await revoke('?dry_run=true')).json()).toMatchObject({
      dry_run: true,
      key: { key_id: id, revoked_at: null },
    });
    expect(await status(key)).toBe(200);
    expect(await restore()).toBe(404);
    const revoked = await revoke(`?confirm=${id}`);
    expect(revoked.json()).toMatchObject({ dry_run: false, key: { key_id: id, revoked_at: expect.any(String) } });
    expect(await status(key)).toBe(401);
    expect(await restore()).toBe(200);
    expect(await status(key)).toBe(200);
    expect(await restore()).toBe(404);
    await revoke(`?confirm=${id}`);
    await db.query({
      name: '',
      text: `UPDATE api_keys SET revoked_at = now() - interval '25 h' WHERE key_id = '${id}'`,
    });
    expect(await restore()).toBe(404);
  });

  test('a known key costs no query, however often it comes', async () => {
    let asked = 0;
    const counting = { query: (...args: Parameters<Database['query']>) => (asked++, db.query(...args)) };
    const signIn = new SignIn(counting as Database, apiKeys, new SessionRepository(), ADMIN_KEY, undefined);
    await Promise.all(Array.from({ length: 100 }, () => signIn.identify(`Bearer ${keys.author}`)));
    for (let i = 0; i < 100; i++) await signIn.identify(`Bearer ${ADMIN_KEY}`);
    expect(asked).toBe(1);
  });

  test('what a caller does is done in their name', async () => {
    const chain = {
      chain_name: 'mine',
      tasks: [{ task_id: 'a', task_type: 'diagnostic', task_params: { task_config: {} } }],
    };
    const token = await issuer.token({ realm_access: { roles: ['author'] } });
    const { chain_id: id } = (await inject('POST', '/api/v1/chains', token, chain)).json<{ chain_id: string }>();
    const read = (await inject('GET', `/api/v1/chains/${id}`, token)).json<{ created_by: string }>();
    expect(read.created_by).toBe('oidc:ann');
    const list = await inject('GET', '/api/v1/chains?created_by=oidc:ann', token);
    expect(list.json<{ total: number }>().total).toBe(1);
  });

  describe('tokens of an OIDC issuer', () => {
    const roles = (...named: string[]) => ({ realm_access: { roles: named } });
    const refused: Readonly<Record<string, () => Promise<string>>> = {
      'for another audience': () => issuer.token(roles('admin'), { audience: 'another' }),
      'of another issuer': () => issuer.token(roles('admin'), { issuer: 'https://another.example' }),
      'that has expired': () => issuer.token(roles('admin'), { expires: '-1 minute' }),
      'that does not expire': () => issuer.token(roles('admin'), { expires: null }),
      'of nobody': () => issuer.token(roles('admin'), { subject: null }),
      'without a role': () => issuer.token({}),
      'with roles of others': () => issuer.token(roles('root', 'superuser')),
      'signed by a stranger': async () =>
        issuer.token(roles('admin'), { key: (await generateKeyPair('ES256')).privateKey }),
      'without a signature': async () => {
        const [, payload] = (await issuer.token(roles('admin'))).split('.');
        return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
      },
      'signed with the public key as a secret': () => issuer.confused(roles('admin')),
    };
    for (const [what, make] of Object.entries(refused)) {
      test(`one ${what} is refused`, async () => expect(await status(await make())).toBe(401));
    }

    test('the greatest of the roles counts', async () => {
      const viewer = await issuer.token(roles('viewer'));
      expect((await inject('GET', '/api/v1/keys', viewer)).statusCode).toBe(403);
      const both = await issuer.token(roles('viewer', 'offline_access', 'admin'));
      expect((await inject('GET', '/api/v1/keys', both)).statusCode).toBe(200);
    });

    test('the role platform is of nobody but by a map, which takes the place of the names', async () => {
      expect(await status(await issuer.token(roles('platform')))).toBe(401);
      const oidc = {
        issuer: issuer.url,
        audience: 'task-chain',
        rolesClaim: ['realm_access', 'roles'],
        tenantClaim: undefined,
        partyClaim: undefined,
        roleMap: { 'tc-admins': 'admin', 'tc-operators-of-all': 'platform' },
      };
      const tokens = new OidcTokens(oidc);
      const found = async (...named: string[]) => tokens.identify(await issuer.token(roles(...named)));
      expect(await found('admin', 'platform', 'constructor', 'toString')).toMatchObject({
        refused: 'token without a role',
      });
      expect(await found('tc-admins', 'admin')).toMatchObject({ role: 'admin' });
      expect(await found('tc-admins', 'tc-operators-of-all')).toMatchObject({ role: 'platform' });
    });

    test('one whose claim names a party belongs to it, within its role', async () => {
      for (const party of ['bank-a', 'bank-b']) {
        await inject('POST', '/api/v1/parties', ADMIN_KEY, { party, name: party });
      }
      const base = { kind: 'party', party: 'bank-a', issued_at: '2026-11-01T00:00:00Z', recipients: [] };
      let serial = 0;
      const states = async (claims: object): Promise<number> => {
        const payload = { statement: { ...base, serial: ++serial } };
        return (await inject('PUT', '/api/v1/parties/bank-a/statements', await issuer.token(claims), payload))
          .statusCode;
      };
      const as = (party: unknown) => ({ org: { party } });
      expect(await states({ ...roles('author'), ...as('bank-a') })).toBe(200);
      expect(await states({ ...roles('viewer'), ...as('bank-a') })).toBe(403);
      expect(await states({ ...roles('author'), ...as('bank-b') })).toBe(403);
      expect(await states(roles('author'))).toBe(403);
      expect(await states({ ...roles('author'), party: 'bank-a' })).toBe(403);
    });

    test('one whose claim names no party of the tenant is refused, and not let in without one', async () => {
      await inject('POST', '/api/v1/parties', ADMIN_KEY, { party: 'bank-a', name: 'A' });
      expect(await status(await issuer.token({ ...roles('admin'), org: { party: 'bank-a' } }))).toBe(200);
      for (const party of [
        'bank-x',
        'Bank-A',
        'bank-a\n',
        '',
        '__proto__',
        null,
        7,
        true,
        ['bank-a'],
        { party: 'bank-a' },
      ]) {
        const token = await issuer.token({ ...roles('admin'), org: { party } });
        expect([party, await status(token)]).toEqual([party, 401]);
      }
      expect(await status(await issuer.token({ ...roles('admin'), org: {} }))).toBe(200);
    });

    test('the platform is of no party in another tenant than its own', async () => {
      const directory = { enabled: async () => ({}) as never };
      const caller = { actor: 'oidc:ann', role: 'platform', tenant: 'acme', party: 'bank-a' } as const;
      expect(await actingFor(caller, undefined, directory)).toEqual(caller);
      for (const tenant of ['other', 'default']) {
        const { party: _, ...elsewhere } = { ...caller, tenant };
        expect(await actingFor(caller, tenant, directory)).toEqual(elsewhere);
      }
    });

    test('two subjects are never the same actor, however long or odd', async () => {
      const long = 'ou=people,dc=example,dc=com,'.repeat(3);
      const plain = `~${'A'.repeat(43)}`;
      const subjects = [
        'ann',
        '安娜',
        long + 'ann',
        long + 'bob',
        'a\0b',
        'a\u0001b',
        'ann ',
        'an\u200bn',
        '\u202enna',
        plain,
      ];
      const actors: string[] = [];
      for (const subject of subjects) {
        const token = await issuer.token(roles('author'), { subject });
        const chain = {
          chain_name: 'mine',
          tasks: [{ task_id: 'a', task_type: 'diagnostic', task_params: { task_config: {} } }],
        };
        const made = await inject('POST', '/api/v1/chains', token, chain);
        expect([subject, made.statusCode]).toEqual([subject, 201]);
        const path = `/api/v1/chains/${made.json<{ chain_id: string }>().chain_id}`;
        actors.push((await inject('GET', path, token)).json<{ created_by: string }>().created_by);
      }
      expect(new Set(actors).size).toBe(subjects.length);
      expect(actors.slice(0, 2)).toEqual(['oidc:ann', 'oidc:安娜']);
      expect(actors[2]).toMatch(/^oidc:ou=people,dc=ex~[\w-]{43}$/);
      for (const actor of actors) expect([...actor].length).toBeLessThanOrEqual(64);
    });

    test('the issuer changes its key, and goes away', async () => {
      const before = await issuer.token(roles('viewer'));
      expect(await status(before)).toBe(200);
      await issuer.rotate();
      const until = performance.now() + 10_000;
      const token = await issuer.token(roles('viewer'));
      while ((await status(token)) !== 200 && performance.now() < until);
      expect(await status(token)).toBe(200);
      expect(await status(before)).toBe(401);
      issuer.silent = true;
      expect(await status(token)).toBe(200);
    });
  });
});
