import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLogger, readAppConfig } from '#libs/platform';
import { ApiKeyRepository, openDatabase, type Database } from '#libs/repositories';
import { createTestDatabase, StubIssuer, type TestDatabase } from '#libs/testing';
import { createApp } from '../create-app.js';
import { RefusedSignIns } from './refused-sign-ins.js';
import { hashOf, newKey } from './sign-in.js';

const ADMIN_KEY = 'the-admin-key-of-this-test-and-of-nothing-else';

describe('a refused sign-in', () => {
  let database: TestDatabase;
  let issuer: StubIssuer;
  let app: NestFastifyApplication;
  let db: Database;
  beforeAll(async () => {
    database = await createTestDatabase();
    issuer = await StubIssuer.start();
    const oidc = { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: 'task-chain', OIDC_ROLES_CLAIM: 'roles' };
    const config = readAppConfig({ DATABASE_URL: database.url, ADMIN_API_KEY: ADMIN_KEY, ...oidc });
    app = await createApp(config, createLogger('api', 'silent'));
    await app.init();
    db = (await openDatabase(database.url, { max: 1 })).forTenant('default');
  });
  afterAll(async () => {
    await app.close();
    await db.close();
    issuer.close();
    await database.drop();
  });

  const ask = (remoteAddress: string, token?: string, more: object = {}) =>
    app.inject({
      ...{ method: 'GET', url: '/api/v1/parties', remoteAddress, ...more },
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
  const make = async (): Promise<{ key: string; key_id: string }> =>
    (
      await ask('10.0.0.1', ADMIN_KEY, { method: 'POST', url: '/api/v1/keys', payload: { name: 'k', role: 'viewer' } })
    ).json();
  const rowsOf = async (address: string) => {
    await app.get(RefusedSignIns).onModuleDestroy();
    const text = `SELECT tenant_id, payload ->> 'actor' AS actor, payload ->> 'target' AS target, payload -> 'details' AS details
      FROM outbox WHERE payload ->> 'action' = 'refuseSignIn' AND payload ->> 'address' = '${address}' ORDER BY id`;
    return db.query<{ tenant_id: string; actor: string | null; target: string; details: object }>({ name: '', text });
  };

  test('is a row with its reason, in the tenant of the key where that is known', async () => {
    const revoked = await make();
    await ask('10.0.0.1', ADMIN_KEY, {
      method: 'DELETE',
      url: `/api/v1/keys/${revoked.key_id}?confirm=${revoked.key_id}`,
    });
    const expired = newKey();
    const old = { name: 'old', role: 'admin', hash: hashOf(expired), days: 0, party: null };
    await new ApiKeyRepository().insert(db, 'key-old', old, null);
    const refused: readonly (readonly [string, string, string | null, string])[] = [
      [newKey(), 'wrong key', null, '*'],
      [revoked.key, 'revoked key', `key:${revoked.key_id}`, 'default'],
      [expired, 'expired key', 'key:key-old', 'default'],
      [await issuer.confused({ roles: ['admin'] }), 'wrong token', null, '*'],
      [await issuer.token({ roles: ['admin'] }, { expires: '-1 minute' }), 'expired token', 'oidc:ann', 'default'],
      [await issuer.token({ roles: ['root'] }), 'token without a role', 'oidc:ann', 'default'],
    ];
    for (const [i, [token, reason, actor, tenant]] of refused.entries()) {
      const answer = await ask(`10.0.1.${i}`, token);
      // The caller learns of no reason.
      expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
        401,
        'The key or token is not known, has expired or was revoked.',
      ]);
      const [row, ...others] = await rowsOf(`10.0.1.${i}`);
      expect(others).toEqual([]);
      expect(row).toEqual({ tenant_id: tenant, actor, target: actor ?? '-', details: { reason, count: 1 } });
      expect(JSON.stringify(row)).not.toContain(token);
    }
    await ask('10.0.1.99');
    expect(await rowsOf('10.0.1.99')).toEqual([]);
  });

  test('that comes again and again is counted, not written', async () => {
    const refused = app.get(RefusedSignIns);
    const flood = async (times: number) => {
      for (let i = 0; i < times; i++) await ask('10.0.2.1', newKey());
    };
    const counts = async () => (await rowsOf('10.0.2.1')).map(({ details }) => (details as { count: number }).count);
    await flood(150);
    refused.sweep(performance.now() + 59_000);
    refused.sweep(performance.now() + 60_001);
    refused.sweep(performance.now() + 120_002);
    expect(await counts()).toEqual([1, 149]);
    await flood(1);
    expect(await counts()).toEqual([1, 149, 1]);
  });

  test('from many addresses fills no memory and no log', async () => {
    const refused = app.get(RefusedSignIns);
    const wrong = { refused: 'wrong key', actor: null, tenant: null } as const;
    for (let i = 0; i < 3_000; i++) refused.note(wrong, { ip: `2001:db8::${i.toString(16)}`, id: `r${i}` });
    const text = `SELECT count(*)::int AS rows, sum((payload #>> '{details,count}')::int)::int AS refused FROM outbox
      WHERE payload ->> 'address' LIKE '2001:%' OR payload ->> 'address' = 'many'`;
    await refused.onModuleDestroy();
    const [found] = await db.query<{ rows: number; refused: number }>({ name: '', text });
    expect(found!.rows).toBeLessThanOrEqual(1_002);
    expect(found!.refused).toBe(3_000);
  });
});
