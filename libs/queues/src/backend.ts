import { randomUUID } from 'node:crypto';
import { runMigrations } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import pg from 'pg';
import { PostgresChannel } from './postgres-channel.js';
import { RedisChannel } from './redis-channel.js';
import { openRedis } from './redis-connection.js';
import type { StatusChannel } from './status-channel.js';

/** What carries jobs and reports: Redis or Valkey in production, PostgreSQL alone where there is none. */
export type Backend =
  | {
      readonly kind: 'redis';
      readonly redis: Redis | Cluster;
      /** Of every key. In a cluster it puts all of them on one node, so that what one command or mark spans is never torn. */
      readonly prefix: string;
    }
  | { readonly kind: 'postgres'; readonly pool: pg.Pool };

/** Opens the backend: Redis where `redisUrl` is given, otherwise PostgreSQL. */
export function openBackend(options: {
  redisUrl: string | undefined;
  databaseUrl: string;
  maxConnections?: number;
}): Backend {
  if (options.redisUrl !== undefined) {
    const redis = openRedis(options.redisUrl);
    return { kind: 'redis', redis, prefix: redis.isCluster ? '{tc}' : 'tc' };
  }
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: options.maxConnections ?? 40,
    application_name: 'task-chain-queue',
    connectionTimeoutMillis: 5_000,
    options: '-c search_path=bullmq -c idle_in_transaction_session_timeout=3000 -c statement_timeout=30000 -c jit=off',
  });
  // Also while a delivery is held between two statements: without it a restart of the database ends the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.setMaxListeners(0); // One listener per queue and worker, each of which shares this pool.
  return { kind: 'postgres', pool };
}

/** Opens the channel on a backend. */
export function openChannel(backend: Backend): StatusChannel {
  return backend.kind === 'redis' ? new RedisChannel(backend.redis, backend.prefix) : new PostgresChannel(backend.pool);
}

/**
 * A mark that the queue keeps with its jobs: another value than last time means that the queue has lost them.
 * PostgreSQL loses nothing that it has committed.
 */
export async function queueGeneration(backend: Backend): Promise<string> {
  if (backend.kind === 'postgres') return 'postgres';
  const key = `${backend.prefix}:generation`;
  await backend.redis.set(key, randomUUID(), 'NX');
  return (await backend.redis.get(key)) ?? 'lost';
}

/** The mark that tells of which time the queue is; null where it bears none, as one that was emptied. */
export async function queueMark(backend: Backend): Promise<string | null> {
  return backend.kind === 'postgres' ? null : backend.redis.get(`${backend.prefix}:timeline`);
}

/** `first`: where it bears none. */
export async function setQueueMark(backend: Backend, mark: string, first = false): Promise<void> {
  if (backend.kind === 'postgres') return;
  const key = `${backend.prefix}:timeline`;
  await (first ? backend.redis.set(key, mark, 'NX') : backend.redis.set(key, mark));
}

/** Throws away all jobs, messages and marks: every key of ours in Redis. */
export async function emptyQueue(backend: Backend): Promise<void> {
  if (backend.kind === 'postgres') return;
  const { redis, prefix } = backend;
  for (const node of redis.isCluster ? (redis as Cluster).nodes('master') : [redis as Redis]) {
    for (let cursor = '0', first = true; first || cursor !== '0'; first = false) {
      const [next, keys] = await node.scan(cursor, 'MATCH', `${prefix}:*`, 'COUNT', 1_000);
      if (keys.length > 0) await node.unlink(...keys);
      cursor = next;
    }
  }
}

/** Whether the backend answers. */
export async function pingBackend(backend: Backend): Promise<void> {
  if (backend.kind === 'redis') await backend.redis.ping();
  else await backend.pool.query('SELECT 1');
}

export async function closeBackend(backend: Backend): Promise<void> {
  if (backend.kind === 'redis') backend.redis.disconnect();
  else await backend.pool.end();
}

/** Makes or upgrades BullMQ's own schema. */
export async function migrateQueues(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await runMigrations(client as never);
  } finally {
    await client.end();
  }
}
