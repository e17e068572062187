import { setTimeout as delay } from 'node:timers/promises';
import type { BackendKind, Services } from '../test/faults/services.js';
import { System } from '../test/faults/system.js';
import type { Contender, Measured, Session } from './contender.js';
import { HttpClient } from './http-client.js';
import type { Graph } from './workloads.js';

const CONNECTIONS = 50;
const SLOTS = 50;
/** How often is looked whether all chains have ended. The end itself is read from the database, not from this clock, ms. */
const POLL_MS = 10;

/** Wall clock with fractions of a millisecond: the database's clock is the same one. */
const clock = (): number => performance.timeOrigin + performance.now();

/** Options for Node of one app, for profiles. */
export type NodeOptionsOf = (name: string) => readonly string[];

/** The whole system on one backend: an API, a listener, a worker with 50 slots, each a process of its own. */
export function ours(kind: BackendKind, nodeOptionsOf?: NodeOptionsOf): Contender {
  return {
    name: kind === 'redis' ? 'ours' : 'ours-postgres',
    title: kind === 'redis' ? 'Task Chain' : 'Task Chain on PostgreSQL alone',
    durable: 'PostgreSQL, before the next task is sent',
    supports: () => true,
    missing: async () => false,
    start: (services) => startOurs(services, kind, nodeOptionsOf),
  };
}

/** Starts the system as it is in production. */
function startSystem(services: Services, kind: BackendKind, nodeOptionsOf?: NodeOptionsOf): Promise<System> {
  const env = { NODE_ENV: 'production', LOG_LEVEL: 'info' };
  const one = { apis: 1, listeners: 1, workers: 1 };
  return System.start(services, { ...one, slots: SLOTS, backend: kind, env, nodeOptionsOf });
}

async function startOurs(services: Services, kind: BackendKind, nodeOptionsOf?: NodeOptionsOf): Promise<Session> {
  const system = await startSystem(services, kind, nodeOptionsOf);
  const client = new HttpClient(`${system.apis[0]!.url}/api/v1`, CONNECTIONS);
  return {
    version: `${kind === 'redis' ? 'Redis' : 'PostgreSQL'} backend`,
    parts: partsOf(system),
    run: (workload) => runChains(system, client, workload.chains),
    close: async () => {
      client.close();
      await system.stop(nodeOptionsOf === undefined ? 'SIGKILL' : 'SIGTERM');
      await services.dropDatabase(system.databaseUrl);
    },
  };
}

/** The processes of the system, for telling their CPU time apart. */
function partsOf(system: System): Record<string, number> {
  const { services } = system;
  const apps = Object.fromEntries(system.all.map((app) => [app.role, app.pid]));
  const parts: Record<string, number> = { ...apps, postgres: services.postgresPid };
  if (services.redisPid !== undefined) parts.redis = services.redisPid;
  return parts;
}

/** Creates and starts all chains over HTTP, and waits for their end. */
async function runChains(system: System, client: HttpClient, chains: readonly Graph[]): Promise<Measured> {
  const bodies = new Map<Graph, string>();
  for (const graph of chains) if (!bodies.has(graph)) bodies.set(graph, bodyOf(graph));
  const texts = chains.map((graph) => bodies.get(graph)!);
  const started = clock();
  const created = await client.postAll<{ chain_id: string }>('/chains', texts);
  const createMs = clock() - started;
  const ids = created.map(({ chain_id: id }) => id);
  await allEnded(system);
  const { ended, lag } = await readEnd(system, ids);
  return { ms: ended - started, more: { createMs, ...lag } };
}

/** A request to create a chain and start it. */
function bodyOf(graph: Graph): string {
  const tasks = graph.map(({ parents, delayMs }, i) => ({
    task_id: `t${i}`,
    task_type: 'diagnostic',
    depends_on: parents.map((parent) => `t${parent}`),
    task_params: { task_config: delayMs > 0 ? { delay_ms: delayMs } : {} },
  }));
  return JSON.stringify({ chain_name: 'bench', execute: true, tasks });
}

async function allEnded(system: System): Promise<void> {
  for (;;) {
    const { rows } = await system.db.query<{ open: boolean }>({
      name: 'open-chains',
      text: `SELECT EXISTS (SELECT FROM task_chains WHERE status IN ('PENDING','RUNNING','PAUSED')) AS open`,
    });
    if (!rows[0]!.open) return;
    await delay(POLL_MS);
  }
}

interface EndRow {
  readonly ended: number;
  readonly failed: string;
}

/** When the last chain's end was committed, by the database's own record of it. */
async function readEnd(
  system: System,
  ids: readonly string[],
): Promise<{ ended: number; lag: Record<string, number> }> {
  const [end] = await system.rows<EndRow>(
    `SELECT (extract(epoch FROM max(pg_xact_commit_timestamp(xmin))) * 1000)::float8 AS ended,
            count(*) FILTER (WHERE status <> 'SUCCESS') AS failed
       FROM task_chains WHERE chain_id = ANY ($1)`,
    [ids],
  );
  if (Number(end!.failed) > 0) throw new Error(`${end!.failed} of ${ids.length} chains did not succeed`);
  return { ended: end!.ended, lag: {} };
}
