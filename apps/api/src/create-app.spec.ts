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
