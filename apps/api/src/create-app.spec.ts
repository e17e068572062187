import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createLogger, readAppConfig } from '#libs/platform';
import { createApp } from './create-app.js';

/** Nothing here asks a database. */
const NOBODY = 'postgres://nobody@localhost/none';
const PER_SECOND = 3;
const ADMIN_API_KEY = 'the-admin-key-of-this-test-and-of-nothing-else';
const signed = { authorization: `Bearer ${ADMIN_API_KEY}` };

describe('what every answer has', () => {
  let app: NestFastifyApplication;
  beforeAll(async () => {
    const config = readAppConfig({ DATABASE_URL: NOBODY, RATE_LIMIT: String(PER_SECOND), ADMIN_API_KEY });
    app = await createApp(config, createLogger('api', 'silent'));
    await app.init();
  });
  afterAll(() => app.close());
  const get = (url: string, remoteAddress: string) => app.inject({ url, remoteAddress, headers: signed });

  test('security headers, also where it is a refusal', async () => {
    for (const url of ['/api/v1/task-types', '/api/v1/nothing', '/health/live', '/docs']) {
      const { headers } = await get(url, '10.0.0.1');
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'SAMEORIGIN',
        'referrer-policy': 'no-referrer',
        'content-security-policy': expect.stringContaining("script-src 'self'"),
      });
      expect(headers).not.toHaveProperty('x-powered-by');
      expect(headers['content-security-policy']).not.toContain('upgrade-insecure-requests');
    }
  });

  test('and no leave for pages of other origins', async () => {
    for (const method of ['GET', 'OPTIONS'] as const) {
      const headers = { ...signed, origin: 'https://evil.example', 'access-control-request-method': 'POST' };
      const answer = await app.inject({ method, url: '/api/v1/task-types', headers, remoteAddress: '10.0.0.2' });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  test('a slash at the end of a path means nothing', async () => {
    for (const [method, path] of [
      ['GET', '/api/v1/task-types'],
      ['GET', '/docs'],
      ['GET', '/health/live'],
      ['POST', '/api/v1/chains'],
      ['POST', '/api/v1/chains/chain-1/execute'],
      ['DELETE', '/api/v1/chains/chain-1'],
    ] as const) {
      const ask = (url: string) => app.inject({ method, url, remoteAddress: '10.0.0.5' });
      const [plain, slash] = [await ask(path), await ask(`${path}/`)];
      expect([path, slash.statusCode]).toEqual([path, plain.statusCode]);
      expect([200, 401]).toContain(slash.statusCode);
    }
  });

  test('405 with the methods where a path exists, 404 where none does, 401 for strangers', async () => {
    const ask = (method: 'PUT' | 'GET' | 'OPTIONS', url: string, headers: object = signed) =>
      app.inject({ method, url, headers: { ...headers }, remoteAddress: '10.0.0.6' });
    for (const [method, path, allow] of [
      ['PUT', '/api/v1/chains', 'GET, HEAD, POST'],
      ['PUT', '/api/v1/chains/?page=1', 'GET, HEAD, POST'],
      ['PUT', '/api/v1/chains/chain-1', 'DELETE, GET, HEAD'],
      ['GET', '/api/v1/chains/chain-1/execute', 'POST'],
      ['OPTIONS', '/api/v1/task-types', 'GET, HEAD'],
    ] as const) {
      const answer = await ask(method, path);
      expect([path, answer.statusCode, answer.headers['allow']]).toEqual([path, 405, allow]);
      expect(answer.json()).toMatchObject({ code: 'METHOD_NOT_ALLOWED', detail: expect.stringContaining(allow) });
      expect((await ask(method, path, {})).statusCode).toBe(401);
    }
    const unknown = await ask('GET', '/api/v1/chain');
    expect(unknown.json()).toMatchObject({ status: 404, detail: 'There is nothing at /api/v1/chain.' });
  });

  test('one address is refused beyond its rate, others and the probes are not', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < PER_SECOND * 10 + 5; i++)
      statuses.push((await get('/api/v1/task-types', '10.0.0.3')).statusCode);
    expect(statuses.filter((status) => status === 429)).toHaveLength(5);
    expect(statuses.slice(-5)).toEqual([429, 429, 429, 429, 429]);
    const refused = await get('/api/v1/nothing', '10.0.0.3');
    expect(refused.json()).toMatchObject({ status: 429, code: 'TOO_MANY_REQUESTS' });
    expect(refused.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await get('/health/live', '10.0.0.3')).statusCode).toBe(200);
    expect((await app.inject({ url: '/api/v1/chains', remoteAddress: '10.0.0.3' })).statusCode).toBe(429);
    expect((await get('/api/v1/task-types', '10.0.0.4')).statusCode).not.toBe(429);
  });
});
