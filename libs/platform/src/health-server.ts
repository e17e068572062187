import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runHealthChecks, type HealthCheck } from './health-checks.js';
import type { Metrics } from './metrics.js';

export interface HealthServerOptions {
  readonly app: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** What /health/ready asks; each by itself, all at once. */
  readonly checks: readonly HealthCheck[];
  readonly metrics: Metrics;
  /** How long a check may take. */
  readonly timeoutMs?: number;
}

export interface HealthServer {
  readonly port: number;
  /** Ends within 100 ms, open connections included. */
  close(): Promise<void>;
}

/**
 * Serves /health/live (200 while the process answers at all), /health/ready (200, or 503 with the failing
 * checks named) and /metrics for an app without an HTTP API. Rejects when the port is taken.
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '/';
    const known = request.method === 'GET' || request.method === 'HEAD';
    answer(options, known ? path : '', response).catch((error: unknown) => {
      send(response, 500, { status: 'failing', detail: error instanceof Error ? error.message : String(error) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(options: HealthServerOptions, path: string, response: ServerResponse): Promise<void> {
  if (path === '/health/live') {
    return send(response, 200, { status: 'ok', app: options.app, uptime_s: Math.round(process.uptime()) });
  }
  if (path === '/health/ready') {
    const report = await runHealthChecks(options.checks, options.timeoutMs);
    return send(response, report.status === 'ok' ? 200 : 503, { app: options.app, ...report });
  }
  if (path === '/metrics') {
    const { contentType, body } = await options.metrics.expose();
    response.writeHead(200, { 'content-type': contentType }).end(body);
    return;
  }
  send(response, 404, { status: 'failing', detail: 'GET /health/live, /health/ready or /metrics' });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
