import { randomUUID } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import type { Backend } from './backend.js';

/**
 * A marker that the queue keeps with its jobs: a changed value means that the queue has lost them. PostgreSQL loses
 * nothing that it has committed, so its marker is constant.
 */
export async function queueGeneration(backend: Backend): Promise<string> {
  if (backend.kind === 'postgres') return 'postgres';
  const key = `${backend.prefix}:generation`;
  await backend.redis.set(key, randomUUID(), 'NX');
  return (await backend.redis.get(key)) ?? 'lost';
}

/** The queue's restore marker; null if it has none, as after `emptyQueue`. */
export async function queueMark(backend: Backend): Promise<string | null> {
  return backend.kind === 'postgres' ? null : backend.redis.get(`${backend.prefix}:timeline`);
}

/** Sets the queue's restore marker; with `first` only if it has none. */
export async function setQueueMark(backend: Backend, mark: string, first = false): Promise<void> {
  if (backend.kind === 'postgres') return;
  const key = `${backend.prefix}:timeline`;
  await (first ? backend.redis.set(key, mark, 'NX') : backend.redis.set(key, mark));
}

/** Removes all jobs, messages and markers: every key of ours in Redis. */
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
