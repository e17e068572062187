import 'reflect-metadata';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Injectable, Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { Counter, Registry } from 'prom-client';
import { readAppConfig } from '../config/config.js';
import { createLogger } from '../observability/logging.js';
import { PlatformModule } from '../platform.module.js';
import type { HealthChecks } from './health-checks.js';
import { HealthModule } from './health.module.js';

const config = readAppConfig({ DATABASE_URL: 'postgres://nobody@localhost/none' });

/** Ends its work when the app stops: as long as the test wants. */
@Injectable()
class Work implements BeforeApplicationShutdown {
  static ended: Promise<void> = Promise.resolve();

  async beforeApplicationShutdown(): Promise<void> {
    await Work.ended;
  }
}

@Module({ providers: [Work] })
class WorkModule {}

async function start(checks: HealthChecks, port = 0): Promise<{ app: NestFastifyApplication; url: string }> {
  const module = await Test.createTestingModule({
    imports: [
      PlatformModule.forRoot('status-listener', config, createLogger('test', 'silent')),
      WorkModule,
      HealthModule.forApp({ useFactory: () => checks }),
    ],
  }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), {
    logger: false,
    forceCloseConnections: true,
  });
  await app.listen(port, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

describe('the health module', () => {
  let app: NestFastifyApplication;
  let url: string;
  let queue: () => Promise<unknown> = async () => {};
  let consumes: () => Promise<unknown> = async () => {};
  const get = async (path: string) => {
    const response = await fetch(url + path);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const body = async (path: string) => {
    const { status, text } = await get(path);
    return [status, JSON.parse(text)];
  };

  beforeAll(async () => {
    ({ app, url } = await start({
      ready: [
        { name: 'database', check: async () => ({ status: 'what a check returns is left out' }) },
        { name: 'queue', check: () => queue() },
      ],
      live: [{ name: 'consumes', check: () => consumes() }],
    }));
  });
  afterAll(() => app.close());

  it('is live whatever the checks of readiness say, and not when its own fail', async () => {
    queue = () => Promise.reject(new Error('down'));
    expect(await body('/health/live')).toEqual([
      200,
      {
        app: 'status-listener',
        status: 'ok',
        checks: { consumes: { status: 'ok', ms: expect.any(Number) } },
        uptime_s: expect.any(Number),
      },
    ]);
    consumes = () => Promise.reject(new Error('a loop is stuck'));
    const stuck = await body('/health/live');
    consumes = async () => {};
    expect(stuck).toMatchObject([503, { status: 'failing', checks: { consumes: { detail: 'a loop is stuck' } } }]);
  });

  it('is ready when every check passes', async () => {
    queue = async () => {};
    expect(await body('/health/ready?verbose')).toEqual([
      200,
      {
        app: 'status-listener',
        status: 'ok',
        checks: {
          database: { status: 'ok', ms: expect.any(Number) },
          queue: { status: 'ok', ms: expect.any(Number) },
        },
      },
    ]);
  });

  it('answers 503 and names the check that fails', async () => {
    queue = () => Promise.reject(new Error('connection refused'));
    expect(await body('/health/ready')).toEqual([
      503,
      {
        app: 'status-listener',
        status: 'failing',
        checks: {
          database: { status: 'ok', ms: expect.any(Number) },
          queue: { status: 'failing', ms: expect.any(Number), detail: 'connection refused' },
        },
      },
    ]);
  });

  it('counts a check that hangs or throws at once as failing', async () => {
    queue = () => new Promise(() => {});
    expect((await body('/health/ready'))[1].checks.queue.detail).toBe('no answer within 1000 ms');
    queue = () => {
      throw new Error('bug');
    };
    expect((await body('/health/ready'))[1].checks.queue.detail).toBe('bug');
  });

  it('answers HEAD as GET, as JSON that nobody stores', async () => {
    const live = await fetch(`${url}/health/live`, { method: 'HEAD' });
    expect([live.status, live.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(live.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect((await get('/health/ready')).headers.get('cache-control')).toBe('no-store');
  });

  it('exposes metrics with the app as a label and no prefix', async () => {
    new Counter({ name: 'events_total', help: 'Events.', registers: [app.get(Registry)] }).inc(3);
    const { status, headers, text } = await get('/metrics');
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain')]);
    expect(text).toContain('events_total{app="status-listener"} 3');
    expect(text).toMatch(/^process_cpu_seconds_total\{/m);
  });

  it('knows no other path or method', async () => {
    expect((await get('/')).status).toBe(404);
    expect((await fetch(`${url}/health/live`, { method: 'POST' })).status).toBe(404);
  });

  it('does not start when its port is taken', async () => {
    await expect(start({ live: [], ready: [] }, Number(new URL(url).port))).rejects.toThrow('EADDRINUSE');
  });

  it('is live and not ready from the first moment of stopping, while work still ends', async () => {
    const other = await start({ live: [{ name: 'a', check: async () => {} }], ready: [] });
    const statusOf = async (path: string) => (await fetch(other.url + path)).status;
    expect(await statusOf('/health/ready')).toBe(200);
    let end = (): void => {};
    Work.ended = new Promise((resolve) => (end = resolve));
    const closed = other.app.close();
    try {
      const ready = await fetch(`${other.url}/health/ready`);
      expect([ready.status, await ready.json()]).toMatchObject([503, { checks: { stopping: { status: 'failing' } } }]);
      expect(await statusOf('/health/live')).toBe(200);
    } finally {
      end();
      await closed;
    }
  });

  it('closes within 100 ms although a client stays connected', async () => {
    const other = await start({ live: [], ready: [] });
    const client = connect(Number(new URL(other.url).port), '127.0.0.1');
    await new Promise((resolve) => client.once('connect', resolve));
    const ended = new Promise((resolve) => client.once('close', resolve));
    client.on('error', () => {});
    client.write('GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n');
    await new Promise((resolve) => client.once('data', resolve));
    const started = performance.now();
    await other.app.close();
    expect(performance.now() - started).toBeLessThan(100);
    await ended;
  });
});
