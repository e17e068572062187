import { scryptSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { generateKeyPair } from 'jose';
import { createLogger, readAppConfig } from '#libs/platform';
import { openDatabase, type Database } from '#libs/repositories';
import { createTestDatabase, StubIssuer, TestProvider, type TestDatabase } from '#libs/testing';
import { createApp } from '../../create-app.js';
import { OidcTokens } from '../../auth/oidc.js';
import { RefusedSignIns } from '../../auth/refused-sign-ins.js';
import { SignInCookie } from './begun-sign-in.js';
import { PUBLIC_URL, TestBrowser } from './browser-for-tests.js';
import { OidcSessions } from './oidc-sessions.js';
import { OidcSignIn } from './oidc-sign-in.js';
import { failureOf } from './sign-in-failure.js';
import { UsedStates } from './used-states.js';

const ADMIN_KEY = 'the-admin-key-of-this-test-and-of-nothing-else';
const COOKIE = '__Host-task_chain_sign_in';
const SESSION = '__Host-task_chain_session';
/** As slow as OWASP wants it: everybody gets a text under it. */
const keyOf = (...secrets: string[]) =>
  scryptSync(JSON.stringify(secrets), 'task-chain oidc sign-in', 32, { N: 32_768, r: 8, p: 3, maxmem: 2 ** 26 });
const ANY_KEY = new Uint8Array(32);
const failed = (failure: string, path = '/chains') => `${PUBLIC_URL}${path}#sign-in=${failure}`;

describe('a sign-in at the OpenID Connect provider', () => {
  let database: TestDatabase;
  let provider: TestProvider;
  let app: NestFastifyApplication;
  let db: Database;
  const lines: string[] = [];

  const start = async (more: Record<string, string> = {}): Promise<NestFastifyApplication> => {
    const env = { DATABASE_URL: database.url, ADMIN_API_KEY: ADMIN_KEY, PUBLIC_URL, ...provider.settings(), ...more };
    const claims = { OIDC_TENANT_CLAIM: 'tenant', OIDC_PARTY_CLAIM: 'party' };
    const logger = createLogger('api', 'warn', { write: (line) => void lines.push(line) });
    const made = await createApp(readAppConfig({ ...claims, ...env }), logger);
    await made.init();
    return made;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    provider = await TestProvider.start(PUBLIC_URL);
    app = await start();
    db = (await openDatabase(database.url, { max: 1 })).forTenant('default');
    provider.accounts.set('ann', { roles: ['operator'], tenant: 'default' });
    provider.accounts.set('eve', { roles: ['operator'], tenant: 'default' });
  });
  afterEach(() => {
    provider.silent = false;
    provider.tamper = undefined;
  });
  afterAll(async () => {
    await app.close();
    await db.close();
    provider.close();
    await database.drop();
  });

  const browser = (of = app) => new TestBrowser(of);

  test('opens a session by code, PKCE, state and nonce, and leads back to where it began', async () => {
    const ann = browser();
    const begun = await ann.open('/api/v1/session/oidc?return=%2Fchains%3Fstatus%3DFAILURE');
    const asked = new URL(begun.location);
    expect([begun.status, asked.origin]).toEqual([303, provider.url]);
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      ...{ client_id: 'console', response_type: 'code', scope: 'openid', code_challenge_method: 'S256' },
      redirect_uri: `${PUBLIC_URL}/api/v1/session/oidc/callback`,
      ...{ state: expect.stringMatching(/^[\w-]{43}$/), nonce: expect.stringMatching(/^[\w-]{43}$/) },
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    });
    // Strict would not come back from the provider. The session's is.
    expect(begun.cookies).toEqual([
      expect.stringMatching(
        /^__Host-task_chain_sign_in=[\w.-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
      ),
    ]);
    const ended = await ann.open(await ann.atProvider(begun.location, 'ann'));
    expect([ended.status, ended.location]).toEqual([303, `${PUBLIC_URL}/chains?status=FAILURE`]);
    expect(ended.cookies).toEqual([
      `${COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure`,
      expect.stringMatching(
        /^__Host-task_chain_session=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure$/,
      ),
    ]);
    expect(await ann.who()).toMatchObject({ actor: 'oidc:ann', role: 'operator', tenant: 'default', party: null });
    const audited = await db.query<{ payload: object }>({
      name: '',
      text: `SELECT payload FROM outbox WHERE payload ->> 'action' = 'createSession'`,
    });
    expect(audited.map(({ payload }) => payload)).toEqual([expect.objectContaining({ actor: 'oidc:ann' })]);
    expect(await ann.signOut()).toBe(204);
    expect(await ann.who()).toBeUndefined();
  });

  test('works for a public client, and can end at another replica than it began, which derives the same slow key', async () => {
    const replica = await start({ ...provider.settings('public'), OIDC_CLIENT_SECRET: '' });
    try {
      const ann = browser(replica);
      const back = await ann.upToCallback('ann');
      const elsewhere = new SignInCookie(keyOf(ADMIN_KEY, ''), true);
      expect(await elsewhere.open(`a=b; ${COOKIE}=${ann.jar.get(COOKIE)!}`)).toMatchObject({ to: '/chains' });
      expect((await ann.open(back)).location).toBe(`${PUBLIC_URL}/chains`);
      expect(await ann.who()).toMatchObject({ actor: 'oidc:ann' });
    } finally {
      await replica.close();
    }
  });

  test('lasts no longer than the ID token, and no longer than 12 h', async () => {
    for (const [seconds, most] of [
      [600, 600],
      [86_400, 43_200],
    ] as const) {
      provider.tamper = (token) => provider.again(token, { exp: Math.floor(Date.now() / 1_000) + seconds });
      const ann = browser();
      const { cookies } = await ann.signIn('ann');
      const age = Number(/Max-Age=(\d+); HttpOnly; SameSite=Strict/.exec(cookies[1]!)![1]);
      expect([age <= most, age > most - 60]).toEqual([true, true]);
    }
  });

  describe('that somebody attacks', () => {
    test("by their own code and state in another's browser, comes to nothing (login CSRF)", async () => {
      const [eve, ann] = [browser(), browser()];
      const ofEve = await eve.upToCallback('eve');
      expect((await ann.open(ofEve)).location).toBe(failed('lost', '/sign-in'));
      const ofAnn = await ann.upToCallback('ann');
      expect((await ann.open(ofEve)).location).toBe(failed('lost', '/sign-in'));
      expect(await ann.who()).toBeUndefined();
      // Eve's code under Ann's state: the code challenge is of Eve's verifier.
      const mixed = new URL(ofAnn);
      mixed.searchParams.set('code', new URL(ofEve).searchParams.get('code')!);
      expect((await ann.open(mixed.href)).location).toBe(failed('used'));
      expect(await ann.who()).toBeUndefined();
      expect(await eve.who()).toBeUndefined();
    });

    test('by another begun meanwhile, is not disturbed', async () => {
      const [eve, ann] = [browser(), browser()];
      const back = await ann.upToCallback('ann');
      await ann.open(await eve.upToCallback('eve'));
      await ann.open('/api/v1/session/oidc/callback?error=access_denied');
      expect((await ann.open(back)).location).toBe(`${PUBLIC_URL}/chains`);
    });

    test('by showing its answer again, even with the cookie, comes to nothing', async () => {
      const ann = browser();
      const back = await ann.upToCallback('ann');
      const kept = ann.jar.get(COOKIE)!;
      expect((await ann.open(back)).location).toBe(`${PUBLIC_URL}/chains`);
      // Twice by accident: whoever is signed in stays so.
      expect((await ann.open(back)).location).toBe(failed('lost', '/sign-in'));
      expect(await ann.who()).toMatchObject({ actor: 'oidc:ann' });
      const thief = browser();
      thief.jar.set(COOKIE, kept);
      const asked = provider.tokenRequests;
      expect((await thief.open(back)).location).toBe(failed('used'));
      expect(await thief.who()).toBeUndefined();
      // Nor by one junk code after another: the provider hears of none.
      const junk = new URL(back);
      junk.searchParams.set('code', 'junk');
      thief.jar.set(COOKIE, kept);
      expect((await thief.open(junk.href)).location).toBe(failed('used'));
      expect(provider.tokenRequests).toBe(asked);
    });

    test('by many requests, is refused to that address alone', async () => {
      const [eve, ann] = [browser(), browser()];
      const statuses: number[] = [];
      for (const path of ['', '/callback', '/sign-out'])
        for (let i = 0; i < 34; i++) statuses.push((await eve.open(`/api/v1/session/oidc${path}`)).status);
      expect(statuses.filter((status) => status === 429)).toHaveLength(2);
      expect(statuses.slice(-2)).toEqual([429, 429]);
      expect((await ann.signIn('ann')).location).toBe(`${PUBLIC_URL}/chains`);
    });

    test('by many sign-ins, fills no memory', () => {
      const used = new UsedStates();
      expect([used.take('first', 0), used.take('first', 1)]).toEqual([true, false]);
      for (let i = 0; i < 9_999; i++) used.take(`of eve ${i}`, 2);
      expect(used.take('first', 3)).toBe(false);
      used.take('one more', 4);
      expect(used.take('first', 5)).toBe(true);
      // Nobody's cookie is so old.
      expect(used.take('of eve 5000', 600_001)).toBe(false);
      used.take('later', 600_003);
      expect(used.take('of eve 5000', 600_004)).toBe(true);
    });

    test('by the cookie of a session of theirs, which a host of the same domain sets, comes to nothing', async () => {
      const [eve, ann] = [browser(), browser()];
      await eve.signIn('eve');
      ann.jar.set('task_chain_session', eve.jar.get(SESSION)!);
      expect(await ann.who()).toBeUndefined();
      await ann.signIn('ann');
      expect([...ann.jar.keys()]).toEqual(['task_chain_session', SESSION]);
      expect(await ann.who()).toMatchObject({ actor: 'oidc:ann' });
      // On the machine of the API browsers come by http, and other hosts set no cookie: only what comes from there directly counts.
      const url = '/api/v1/session';
      const host = '127.0.0.1:3000';
      const headers = { host, origin: `http://${host}`, authorization: `Bearer ${ADMIN_KEY}` };
      const cookie = String((await app.inject({ method: 'POST', url, headers })).headers['set-cookie']);
      expect(cookie).toMatch(/^task_chain_session=[\w-]{43};.* SameSite=Strict$/);
      const status = async (more: object, remoteAddress = '127.0.0.1') => {
        const sent = { host, cookie: cookie.split(';', 1)[0]!, 'sec-fetch-site': 'same-origin', ...more };
        return (await app.inject({ url, headers: sent, remoteAddress })).statusCode;
      };
      expect(await status({})).toBe(200);
      expect(await status({ host: new URL(PUBLIC_URL).host })).toBe(401);
      expect(await status({ 'x-forwarded-for': '10.0.0.1' })).toBe(401);
      expect(await status({}, '10.9.0.1')).toBe(401);
      // A proxy may look like a browser there.
      const proxied = new TestBrowser(app, host, '127.0.0.1');
      await proxied.signIn('ann');
      expect([...proxied.jar.keys()]).toEqual([SESSION]);
    });

    test('by a code of another client, comes to nothing', async () => {
      const ann = browser();
      const { location } = await ann.open('/api/v1/session/oidc?return=/chains');
      const other = new URL(location);
      other.searchParams.set('client_id', 'another');
      expect((await ann.open(await ann.atProvider(other.href, 'ann'))).location).toBe(failed('used'));
      expect(await ann.who()).toBeUndefined();
    });

    test('by the answer of another issuer, or one that names none, asks no token of ours (mix-up)', async () => {
      for (const iss of ['https://evil.example', `${PUBLIC_URL}`, '']) {
        const ann = browser();
        const back = new URL(await ann.upToCallback('ann'));
        if (iss === '') back.searchParams.delete('iss');
        else back.searchParams.set('iss', iss);
        provider.tamper = () => Promise.reject(new Error('it asked'));
        expect([iss, (await ann.open(back.href)).location]).toEqual([iss, failed('answer')]);
        expect(await ann.who()).toBeUndefined();
      }
      const ann = browser();
      const back = await ann.upToCallback('ann');
      expect((await ann.open(`${back}&iss=https%3A%2F%2Fevil.example`)).location).toBe(failed('answer'));
    });

    const seconds = (from: number) => Math.floor(Date.now() / 1_000) + from;
    const forged: Readonly<Record<string, [string, (token: string) => string | Promise<string>]>> = {
      'of another sign-in (nonce)': ['answer', (token) => provider.again(token, { nonce: 'of-another-sign-in' })],
      'without a nonce': ['answer', (token) => provider.again(token, { nonce: undefined })],
      'without a signature': ['answer', (token) => provider.forged(token, 'none')],
      'signed by the public key as a secret': ['answer', (token) => provider.forged(token, 'HS256')],
      'signed by a stranger': [
        'answer',
        async (token) => provider.again(token, {}, (await generateKeyPair('ES256')).privateKey),
      ],
      'signed by a key that it brings': [
        'answer',
        async (token) => {
          const { privateKey } = await generateKeyPair('ES256');
          return provider.again(token, {}, privateKey, { kid: 'mine', jwk: { kty: 'EC' } });
        },
      ],
      'of another issuer': ['answer', (token) => provider.again(token, { iss: 'https://evil.example' })],
      'for another client': ['answer', (token) => provider.again(token, { aud: 'another' })],
      'for the API alone': ['answer', (token) => provider.again(token, { aud: 'task-chain' })],
      'for several, of another client': [
        'answer',
        (token) => provider.again(token, { aud: ['console', 'another'], azp: 'another' }),
      ],
      'that has expired': ['clock', (token) => provider.again(token, { exp: seconds(-60) })],
      // Within what clocks may differ by: its session would be over before it begins.
      'that has just expired': ['clock', (token) => provider.again(token, { exp: seconds(-10) })],
      'that does not expire': ['answer', (token) => provider.again(token, { exp: undefined })],
      'of the future': ['clock', (token) => provider.again(token, { nbf: seconds(600) })],
      'of nobody': ['answer', (token) => provider.again(token, { sub: undefined })],
      'that is none': ['answer', () => 'a.b.c'],
    };
    for (const [what, [failure, tamper]] of Object.entries(forged)) {
      test(`by an ID token ${what}, comes to nothing`, async () => {
        provider.tamper = tamper;
        const ann = browser();
        expect((await ann.signIn('ann')).location).toBe(failed(failure));
        expect(await ann.who()).toBeUndefined();
      });
    }

    test('by a path that leads elsewhere, leads to the console', async () => {
      const elsewhere = [
        ...[
          '//evil.example',
          '/\\evil.example',
          '\\\\evil.example',
          'https://evil.example',
          '@evil.example',
          '.evil.example',
        ],
        ...[
          '/.//evil.example',
          '/%2e//evil.example',
          '/a/..//evil.example',
          '/\t/evil.example',
          '/\n/evil.example',
          ' //evil.example',
        ],
        ...['/%61pi/v1/session/oidc/sign-out', '/ap%69', '/api%2Fv1', '/x/%2e%2e/a%50i/v1', '/%zz'],
        ...['javascript:alert(1)', '/api/v1/session/oidc', '/chains\r\nSet-Cookie: a=b', `/${'x'.repeat(2_000)}`, ''],
      ];
      for (const path of elsewhere) {
        const { location } = await browser().signIn('ann', path);
        expect([path, location]).toEqual([path, `${PUBLIC_URL}/`]);
      }
    });

    test('by the Host header, is sent nowhere else', async () => {
      const ann = new TestBrowser(app, 'evil.example');
      const begun = await ann.open('/api/v1/session/oidc?return=/chains');
      expect(begun.location).toContain(encodeURIComponent(PUBLIC_URL));
      expect(begun.location).not.toContain('evil');
      const ended = await ann.open(await ann.atProvider(begun.location, 'ann'));
      expect(ended.location).toBe(`${PUBLIC_URL}/chains`);
      expect((await ann.open('/api/v1/session/oidc/sign-out')).location).not.toContain('evil');
    });

    test('by a cookie that is not from here, or too old, comes to nothing', async () => {
      const begun = { state: 's'.repeat(43), nonce: 'n', verifier: 'v'.repeat(43), to: '/chains' };
      const mine = new SignInCookie(ANY_KEY, true);
      const ours = new SignInCookie(keyOf(ADMIN_KEY, provider.settings().OIDC_CLIENT_SECRET!), true);
      const late = new Date(Date.now() - 601_000);
      for (const cookie of [
        await mine.seal(begun),
        await ours.seal(begun, late),
        `${COOKIE}=a.b.c.d.e`,
        `${COOKIE}=`,
      ]) {
        const ann = browser();
        ann.jar.set(COOKIE, /=([^;]*)/.exec(cookie)![1]!);
        const { location } = await ann.open(`/api/v1/session/oidc/callback?code=x&state=${begun.state}`);
        expect(location).toBe(failed('lost', '/sign-in'));
      }
      expect(await ours.open(await ours.seal(begun))).toMatchObject(begun);
      const sealed = await ours.seal(begun);
      expect(sealed).not.toContain(begun.verifier);
      expect(
        await ours.open(sealed.replace(/(?<=\.)[\w-](?=[\w-]*;)/, (first) => (first === 'A' ? 'B' : 'A'))),
      ).toBeUndefined();
    });

    test('by claims that are hostile, gives no more than they say, and stores and shows nothing of them', async () => {
      const long = 'x'.repeat(65_536);
      provider.accounts.set('hostile', {
        roles: ['operator', '<img src=x onerror=alert(1)>', long, { toString: 'admin' }, '__proto__', 'platform'],
        tenant: 'default',
        name: `\u202e<script>${long}`,
      });
      const answer = await browser().signIn('hostile');
      expect(answer.location).toBe(`${PUBLIC_URL}/chains`);
      const subject = `\u202e<b>${long}`;
      provider.tamper = (token) => provider.again(token, { sub: subject });
      const hostile = browser();
      await hostile.signIn('hostile');
      const who = await hostile.who();
      expect(who).toMatchObject({ role: 'operator' });
      expect(who!.actor).toMatch(/^oidc:\?<b>x{11}~[\w-]{43}$/);
    });
  });

  describe('that cannot be', () => {
    const refused = async () => {
      await app.get(RefusedSignIns).onModuleDestroy();
      const text = `SELECT tenant_id, payload FROM outbox WHERE payload ->> 'action' = 'refuseSignIn'
        AND payload ->> 'actor' ~ '^oidc:(no|closed|odd)-' ORDER BY payload ->> 'actor'`;
      const rows = await db.query<{ tenant_id: string; payload: { actor: string; details: object } }>({
        name: '',
        text,
      });
      return rows.map(({ tenant_id: tenant, payload: { actor, details } }) => ({ tenant, actor, ...details }));
    };

    test('says that the account has no role, no tenant, no party here, and audits it', async () => {
      const roles = ['operator'];
      for (const [account, claims, failure] of [
        ['no-role', { tenant: 'default' }, 'no-role'],
        ['no-tenant', { roles }, 'no-tenant'],
        ['closed-tenant', { roles, tenant: 'not-there' }, 'no-tenant'],
        ['no-party', { roles, tenant: 'default', party: 'bank-x' }, 'no-party'],
        ['odd-party', { roles, tenant: 'default', party: ['bank-a'] }, 'no-party'],
      ] as const) {
        provider.accounts.set(account, claims);
        const person = browser();
        expect([account, (await person.signIn(account)).location]).toEqual([account, failed(failure)]);
        expect(await person.who()).toBeUndefined();
      }
      const unknown = { count: 1, tenant: 'default', reason: 'token of an unknown party' };
      expect(await refused()).toEqual([
        { count: 1, tenant: '*', actor: 'oidc:closed-tenant', reason: 'token of no open tenant', named: 'not-there' },
        { ...unknown, actor: 'oidc:no-party' },
        { count: 1, tenant: 'default', actor: 'oidc:no-role', reason: 'token without a role' },
        { count: 1, tenant: '*', actor: 'oidc:no-tenant', reason: 'token without a tenant' },
        { ...unknown, actor: 'oidc:odd-party' },
      ]);
      const platform = { actor: 'oidc:root', role: 'platform', tenant: 'not-there' } as const;
      const error = await app
        .get(OidcSessions)
        .open(platform, {} as never)
        .catch((why: unknown) => why);
      expect([error, failureOf(error)]).toEqual([expect.any(Error), 'no-tenant']);
    });

    test('says that the provider refused, is down, or knows another console', async () => {
      const ann = browser();
      const callback = async (query: string) => {
        const back = new URL(await ann.upToCallback('ann'));
        back.searchParams.delete('code');
        return (await ann.open(`${back.href}&${query}`)).location;
      };
      const evil = '&error_description=%3Cscript%3E';
      expect(await callback(`error=access_denied${evil}`)).toBe(failed('refused'));
      expect(await callback('error=server_error')).toBe(failed('issuer-down'));
      expect(await callback('error=unauthorized_client')).toBe(failed('setup'));
      expect(JSON.parse(lines.at(-1)!)).toMatchObject({ failure: 'setup', answered: 'unauthorized_client' });
      expect(await callback(`error=%3Cb%3E`)).toBe(failed('setup'));
      expect(JSON.parse(lines.at(-1)!)).not.toHaveProperty('answered');
      const back = await ann.upToCallback('ann');
      provider.silent = true;
      expect((await ann.open(back)).location).toBe(failed('issuer-down'));
      provider.silent = false;
    });

    test('says so where the provider knows the console by another secret', async () => {
      const { signIn } = readAppConfig({ DATABASE_URL: database.url, ...provider.settings() });
      const client = { ...signIn.oidc!.client!, secret: 'not-the-secret-of-the-console' };
      const stranger = new OidcSignIn(new OidcTokens(signIn.oidc!), client, PUBLIC_URL, ANY_KEY);
      const { location, cookie } = await stranger.begin('/');
      const back = new URL(await browser().atProvider(location, 'ann')).searchParams;
      const begun = await stranger.begunBy(back, cookie.split(';', 1)[0]);
      const error = await stranger.end(back, begun).catch((why: unknown) => why);
      expect([error, failureOf(error)]).toEqual([expect.any(Error), 'setup']);
    });

    test('says so of an issuer that is down or another one, and asks again', async () => {
      const stub = await StubIssuer.start();
      const other = await start({ OIDC_ISSUER: stub.url });
      try {
        const open = async () => (await browser(other).open('/api/v1/session/oidc?return=/chains')).location;
        stub.silent = true;
        expect(await open()).toBe(failed('issuer-down'));
        stub.silent = false;
        // It has no authorization endpoint.
        expect(await open()).toBe(failed('setup'));
        for (const path of ['@evil.example', '.evil.example', '//evil.example', '/.//evil.example']) {
          const { location } = await browser(other).open(`/api/v1/session/oidc?return=${encodeURIComponent(path)}`);
          expect([path, location]).toEqual([path, failed('setup', '/')]);
        }
      } finally {
        stub.close();
        await other.close();
      }
    });

    test('signs out here alone where the provider has no end of sessions', async () => {
      const stub = await StubIssuer.start();
      try {
        stub.more = { authorization_endpoint: `${stub.url}/a`, token_endpoint: `${stub.url}/t` };
        const { signIn } = readAppConfig({ DATABASE_URL: database.url, ...provider.settings(), OIDC_ISSUER: stub.url });
        const oidc = new OidcSignIn(new OidcTokens(signIn.oidc!), signIn.oidc!.client!, PUBLIC_URL, ANY_KEY);
        expect(await oidc.signOutUrl()).toBe(`${PUBLIC_URL}/sign-in`);
      } finally {
        stub.close();
      }
    });

    test('tells the log why, and neither code, token, verifier nor secret', async () => {
      const ann = browser();
      const back = await ann.upToCallback('ann');
      let token = '';
      provider.tamper = (made) => provider.again((token = made), { nonce: 'another' });
      await ann.open(back);
      const log = lines.join('');
      expect(log).toContain('a sign-in at the issuer failed');
      for (const secret of [new URL(back).searchParams.get('code')!, token, provider.settings().OIDC_CLIENT_SECRET!]) {
        expect(log).not.toContain(secret);
      }
    });
  });

  test('is offered where it is set up, with how to sign out at the provider', async () => {
    const ways = async (of: NestFastifyApplication) =>
      (await of.inject({ url: '/api/v1/session/ways' })).json<object>();
    const start_url = `${PUBLIC_URL}/api/v1/session/oidc`;
    expect(await ways(app)).toEqual({ oidc: { start_url, sign_out_url: `${start_url}/sign-out` } });
    const out = new URL((await browser().open('/api/v1/session/oidc/sign-out')).location);
    expect(out.href.startsWith(`${provider.url}/session/end?`)).toBe(true);
    const page = `${PUBLIC_URL}/sign-in`;
    expect(Object.fromEntries(out.searchParams)).toEqual({ client_id: 'console', post_logout_redirect_uri: page });
  });
});
