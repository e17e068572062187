import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Counter } from 'prom-client';
import { startHealthServer, type HealthServer } from './health-server.js';
import { createRegistry } from '../observability/metrics.js';

describe('health server', () => {
  let server: HealthServer;
  let queue: () => Promise<unknown> = async () => {};
  let consumes: () => Promise<unknown> = async () => {};
  const registry = createRegistry('status-listener');
  const counter = new Counter({ name: 'events_total', help: 'Events.', registers: [registry] });
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };

  beforeAll(async () => {
    server = await startHealthServer({
      app: 'status-listener',
      host: '127.0.0.1',
      port: 0,
      registry,
      timeoutMs: 50,
      checks: [
        { name: 'database', check: async () => {} },
        { name: 'queue', check: () => queue() },
      ],
      live: [{ name: 'consumes', check: () => consumes() }],
    });
  });
  afterAll(() => server.close());

  it('is live whatever the checks of readiness say, and not when its own fail', async () => {
    queue = () => Promise.reject(new Error('down'));
    const { status, text } = await get('/health/live');
    expect([status, JSON.parse(text)]).toMatchObject([
      200,
      { status: 'ok', app: 'status-listener', uptime_s: expect.any(Number) },
    ]);
    consumes = () => Promise.reject(new Error('a loop is stuck'));
    const stuck = await get('/health/live');
    consumes = async () => {};
    expect([stuck.status, JSON.parse(stuck.text)]).toMatchObject([
      503,
      { status: 'failing', checks: { consumes: { detail: 'a loop is stuck' } } },
    ]);
  });

  it('is ready when every check passes', async () => {
    queue = async () => {};
    const { status, text } = await get('/health/ready?verbose');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      status: 'ok',
      checks: { database: { status: 'ok' }, queue: { status: 'ok' } },
    });
  });

  it('answers 503 and names the check that fails', async () => {
    queue = () => Promise.reject(new Error('connection refused'));
    const { status, text } = await get('/health/ready');
    expect(status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({
      status: 'failing',
      checks: { database: { status: 'ok' }, queue: { status: 'failing', detail: 'connection refused' } },
    });
  });

  it('counts a check that hangs or throws at once as failing', async () => {
    queue = () => new Promise(() => {});
    expect(JSON.parse((await get('/health/ready')).text).checks.queue.detail).toBe('no answer within 50 ms');
    queue = () => {
      throw new Error('bug');
    };
    expect(JSON.parse((await get('/health/ready')).text).checks.queue.detail).toBe('bug');
  });

  it('exposes metrics with the app as a label and no prefix', async () => {
    counter.inc(3);
    const { status, type, text } = await get('/metrics');
    expect([status, type]).toEqual([200, expect.stringContaining('text/plain')]);
    expect(text).toContain('events_total{app="status-listener"} 3');
    expect(text).toMatch(/^process_cpu_seconds_total\{/m);
  });

  it('knows no other path or method', async () => {
    expect((await get('/')).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${server.port}/health/live`, { method: 'POST' })).status).toBe(404);
  });

  it('rejects when its port is taken', async () => {
    const second = startHealthServer({ app: 'x', host: '127.0.0.1', port: server.port, checks: [], registry });
    await expect(second).rejects.toThrow('EADDRINUSE');
  });

  it('is live and not ready once it is told to stop', async () => {
    const other = await startHealthServer({ app: 'x', host: '127.0.0.1', port: 0, checks: [], registry });
    const statusOf = async (path: string) => (await fetch(`http://127.0.0.1:${other.port}${path}`)).status;
    expect(await statusOf('/health/ready')).toBe(200);
    other.stopping();
    expect([await statusOf('/health/ready'), await statusOf('/health/live')]).toEqual([503, 200]);
    await other.close();
  });

  it('closes within 100 ms although a client stays connected', async () => {
    const other = await startHealthServer({ app: 'x', host: '127.0.0.1', port: 0, checks: [], registry });
    const client = connect(other.port, '127.0.0.1');
    await new Promise((resolve) => client.once('connect', resolve));
    const ended = new Promise((resolve) => client.once('close', resolve));
    client.on('error', () => {});
    client.write('GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n');
    await new Promise((resolve) => client.once('data', resolve));
    const started = performance.now();
    await other.close();
    expect(performance.now() - started).toBeLessThan(100);
    await ended;
  });
});
