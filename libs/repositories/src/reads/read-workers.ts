import type { Queryable } from '../database.js';
import type { Statement } from '../pool.js';
import { COUNTED_NOW } from '../statements/clock.js';
import { WORKER_SEEN_MS } from './read-queues.js';

// SQL: the counted time.

/** What a worker said of itself by its heartbeats. */
export interface WorkerView {
  readonly worker_id: string;
  readonly started_at: string;
  /** Seconds since its last heartbeat. */
  readonly silent_seconds: number;
  /** Whether its slots count. */
  readonly alive: boolean;
  /** Tasks of all types that it held. */
  readonly running: number;
  /** Tasks that it runs at once, by task type. */
  readonly slots: Readonly<Record<string, number>>;
}

/** $1 ms since last seen. */
const workers: Statement = {
  name: 'list-workers',
  text: `
    SELECT worker_id, started_at, silent.seconds AS silent_seconds, silent.seconds * 1000 < $1::float8 AS alive, running, slots
      FROM workers, LATERAL (SELECT greatest(extract(epoch FROM ${COUNTED_NOW} - last_seen), 0)::float8 AS seconds) AS silent
     ORDER BY alive DESC, worker_id LIMIT 1000`,
};

/** The workers of all tenants, those that are alive first. Who ended is forgotten after a minute. */
export const readWorkers = (db: Queryable): Promise<WorkerView[]> => db.query<WorkerView>(workers, [WORKER_SEEN_MS]);
