import { setTimeout as delay } from 'node:timers/promises';
import type { BackendKind, Services } from '../test/faults/services.js';
import { System, type SystemOptions } from '../test/faults/system.js';
import type { Contender, Measured, Session } from './contender.js';
import { HttpClient } from './http-client.js';
import type { Graph } from './workloads.js';

const CONNECTIONS = 50;
const SLOTS = 50;
/** How often is looked whether all chains have ended. The end itself is read from the database, not from this clock, ms. */
const POLL_MS = 10;

/** Wall clock with fractions of a millisecond: the database's clock is the same one. */
export const clock = (): number => performance.timeOrigin + performance.now();

/** Options for Node of one app, for profiles. */
export type NodeOptionsOf = (name: string) => readonly string[];

/** The whole system on one backend: an API, a listener, a worker with 50 slots, each a process. */
export function ours(kind: BackendKind, nodeOptionsOf?: NodeOptionsOf): Contender {
  return {
    name: kind === 'redis' ? 'ours' : 'ours-postgres',
    title: kind === 'redis' ? 'Task Chain' : 'Task Chain on PostgreSQL alone',
    durable: 'PostgreSQL, before the next task is sent',
    // 10,000 tasks are there to compare the system with itself; on PostgreSQL alone they would take a minute.
    supports: ({ id }) => kind === 'redis' || id !== 'W4x5',
    missing: async () => false,
    start: (services) => startOurs(services, kind, nodeOptionsOf),
  };
}

/** Starts the system as it is in production, but as the database's owner, which the apps refuse there. */
export function startSystem(services: Services, kind: BackendKind, more: SystemOptions = {}): Promise<System> {
  const env = { NODE_ENV: 'test', LOG_LEVEL: 'info', ...more.env };
  return System.start(services, { apis: 1, listeners: 1, workers: 1, slots: SLOTS, backend: kind, ...more, env });
}

/** Ends the system, and its database with it. A profile is written at an orderly end alone. */
export async function stopSystem(system: System, nodeOptionsOf?: NodeOptionsOf): Promise<void> {
  await system.stop(nodeOptionsOf === undefined ? 'SIGKILL' : 'SIGTERM');
  await system.services.dropDatabase(system.databaseUrl);
}

/** A client of the system's API. */
export function clientOf(system: System, connections = CONNECTIONS): HttpClient {
  return new HttpClient(`${system.apis[0]!.url}/api/v1`, connections);
}

async function startOurs(services: Services, kind: BackendKind, nodeOptionsOf?: NodeOptionsOf): Promise<Session> {
  const system = await startSystem(services, kind, { nodeOptionsOf });
  const client = clientOf(system);
  return {
    version: `${kind === 'redis' ? 'Redis' : 'PostgreSQL'} backend`,
    parts: partsOf(system),
    run: (workload) => runChains(system, client, workload.chains),
    close: async () => {
      await client.close();
      await stopSystem(system, nodeOptionsOf);
    },
  };
}

/** The processes of the system, for telling their CPU time and memory apart. */
export function partsOf(system: System): Record<string, number> {
  const apps = Object.fromEntries(system.all.map((app) => [app.role, app.pid]));
  const { postgresPid: postgres, redisPid: redis } = system.services;
  const usesRedis = system.backend.kind === 'redis' && redis !== undefined;
  return { ...apps, postgres, ...(usesRedis && { redis }) };
}

/** Creates and starts all chains over HTTP, and waits for their end. */
export async function runChains(system: System, client: HttpClient, chains: readonly Graph[]): Promise<Measured> {
  const bodies = new Map<Graph, string>();
  for (const graph of chains) if (!bodies.has(graph)) bodies.set(graph, bodyOf(graph, true));
  const texts = chains.map((graph) => bodies.get(graph)!);
  const started = clock();
  const created = await client.postAll<{ chain_id: string }>('/chains', texts);
  const createMs = clock() - started;
  const ids = created.map(({ chain_id: id }) => id);
  return { ms: (await endOf(system, ids)) - started, more: { createMs } };
}

/** Creates and starts one chain, and waits for its end: from the request to the commit of that, ms. */
export async function runBody(system: System, client: HttpClient, body: string): Promise<number> {
  const started = clock();
  const { chain_id: id } = await client.send<{ chain_id: string }>('POST', '/chains', body);
  return (await endOf(system, [id])) - started;
}

/** A request to create a chain, and with `execute` to start it. */
export function bodyOf(graph: Graph, execute: boolean): string {
  const tasks = graph.map(({ parents, delayMs }, i) => ({
    task_id: `t${i}`,
    task_type: 'diagnostic',
    depends_on: parents.map((parent) => `t${parent}`),
    task_params: { task_config: delayMs > 0 ? { delay_ms: delayMs } : {} },
  }));
  return JSON.stringify({ chain_name: 'bench', execute, tasks });
}

/**
 * Waits until every chain has ended; when the end of the last of these was committed, by the database's own record. The chain
 * that was created last is looked at first, by its id: a look at all of them takes as much as the work of a task.
 */
export async function endOf(system: System, ids: readonly string[]): Promise<number> {
  for (const open of [ids.slice(-1), ids]) {
    while (await anyOpen(system, open)) await delay(POLL_MS);
  }
  const [end] = await system.rows<{ ended: number; failed: string }>(
    `SELECT (extract(epoch FROM max(pg_xact_commit_timestamp(xmin))) * 1000)::float8 AS ended,
            count(*) FILTER (WHERE status <> 'SUCCESS') AS failed
       FROM task_chains WHERE chain_id = ANY ($1)`,
    [ids],
  );
  if (Number(end!.failed) > 0) throw new Error(`${end!.failed} of ${ids.length} chains did not succeed`);
  return end!.ended;
}

async function anyOpen(system: System, ids: readonly string[]): Promise<boolean> {
  const { rows } = await system.db.query<{ open: boolean }>({
    name: 'open-chains',
    text: `SELECT EXISTS (
      SELECT FROM task_chains WHERE chain_id = ANY ($1::text[]) AND status IN ('PENDING', 'RUNNING', 'PAUSED')) AS open`,
    values: [ids],
  });
  return rows[0]!.open;
}
