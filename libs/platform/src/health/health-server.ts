import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { runHealthChecks, type HealthCheck } from './health-checks.js';

export interface HealthServerOptions {
  readonly app: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** What /health/ready asks; each by itself, all at once. */
  readonly checks: readonly HealthCheck[];
  /** What /health/live asks: they fail only where a new process would help. */
  readonly live?: readonly HealthCheck[];
  readonly registry: Registry;
  /** How long a check may take. */
  readonly timeoutMs?: number;
}

export interface HealthServer {
  readonly port: number;
  /** From here on it is not ready, whatever the checks say; liveness and metrics go on. */
  stopping(): void;
  /** Ends within 100 ms, open connections included. */
  close(): Promise<void>;
}

/**
 * Serves /health/live and /health/ready (200, or 503 with the failing checks named) and /metrics for an app without an HTTP API. Rejects when the port is taken.
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  let checks = options.checks;
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '/';
    const known = request.method === 'GET' || request.method === 'HEAD';
    answer({ ...options, checks }, known ? path : '', response).catch((error: unknown) => {
      send(response, 500, { status: 'failing', detail: error instanceof Error ? error.message : String(error) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    stopping: () => void (checks = [STOPPING]),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const STOPPING: HealthCheck = {
  name: 'stopping',
  check: () => Promise.reject(new Error('it was told to stop and takes nothing more')),
};

async function answer(options: HealthServerOptions, path: string, response: ServerResponse): Promise<void> {
  if (path === '/health/live') {
    const report = await runHealthChecks(options.live ?? [], options.timeoutMs);
    const uptime_s = Math.round(process.uptime());
    return send(response, report.status === 'ok' ? 200 : 503, { app: options.app, ...report, uptime_s });
  }
  if (path === '/health/ready') {
    const report = await runHealthChecks(options.checks, options.timeoutMs);
    return send(response, report.status === 'ok' ? 200 : 503, { app: options.app, ...report });
  }
  if (path === '/metrics') {
    const body = await options.registry.metrics();
    response.writeHead(200, { 'content-type': options.registry.contentType }).end(body);
    return;
  }
  send(response, 404, { status: 'failing', detail: 'GET /health/live, /health/ready or /metrics' });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
