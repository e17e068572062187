import type { Cluster, Redis } from 'ioredis';
import type pg from 'pg';
import { guardedPool, requireRoom, STATEMENT_MS } from '#libs/postgres';
import { PostgresChannel } from './postgres-channel.js';
import { RedisChannel } from './redis-channel.js';
import { openRedis } from './redis-connection.js';
import type { StatusChannel } from './status-channel.js';

/** The carrier of jobs and reports: Redis or Valkey in production, else PostgreSQL. */
export type Backend =
  | {
      readonly kind: 'redis';
      readonly redis: Redis | Cluster;
      /** The prefix of every key. In a cluster it puts all keys on one node, so that no command spans two nodes. */
      readonly prefix: string;
    }
  | { readonly kind: 'postgres'; readonly pool: pg.Pool };

/** The address of the backend. */
export interface BackendOptions {
  readonly redisUrl: string | undefined;
  readonly databaseUrl: string;
  /** The size of the pool if PostgreSQL is the queue; 40 by default. */
  readonly maxConnections?: number;
}

/** Opens the backend: Redis where `redisUrl` is given, otherwise PostgreSQL. */
export function openBackend({ redisUrl, databaseUrl, maxConnections = 40 }: BackendOptions): Backend {
  if (redisUrl !== undefined) {
    const redis = openRedis(redisUrl);
    return { kind: 'redis', redis, prefix: redis.isCluster ? '{tc}' : 'tc' };
  }
  const pool = guardedPool({
    connectionString: databaseUrl,
    max: maxConnections,
    application_name: 'task-chain-queue',
    // A job need not wait for the disk: the row of its task is the outbox, and what is committed later with a flush, in the same
    // log, flushes it too. Reports are flushed: see PostgresChannel.
    options: `-c search_path=bullmq -c synchronous_commit=off -c idle_in_transaction_session_timeout=3000 -c statement_timeout=${STATEMENT_MS} -c jit=off`,
  });
  pool.setMaxListeners(0); // One listener per queue and worker, each of which shares this pool.
  return { kind: 'postgres', pool };
}

/** Opens the status channel on a backend. */
export function openChannel(backend: Backend): StatusChannel {
  return backend.kind === 'redis' ? new RedisChannel(backend.redis, backend.prefix) : new PostgresChannel(backend.pool);
}

/** Resolves when the backend answers, and may be written to: Redis refuses a PING while it cannot save. */
export async function pingBackend(backend: Backend): Promise<void> {
  if (backend.kind === 'redis') await backend.redis.ping();
  else await requireRoom((text) => backend.pool.query(text));
}

/** Closes the backend's connections. Queues, workers and the channel that use them are closed before. */
export async function closeBackend(backend: Backend): Promise<void> {
  if (backend.kind === 'redis') backend.redis.disconnect();
  else await backend.pool.end();
}
