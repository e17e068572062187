import type { Queryable } from '../database.js';
import type { Statement } from '../pool.js';

export interface EventView {
  id: number;
  chain_id: string;
  task_id: string | null;
  kind: string;
  disposition: string;
  attempt: number | null;
  run_id: string | null;
  recorded_at: string;
  data: Record<string, unknown>;
}

/**
 * An event among those of all chains, with what tells whether one before it may still appear. `chain_id` is null in one of
 * another tenant, of which nothing but its id is told.
 */
export interface LoggedEvent extends Omit<EventView, 'chain_id'> {
  chain_id: string | null;
  /** So old that all that was under way beside it has ended. */
  settled: boolean;
  /** Of the statement's snapshot: the oldest transaction that ran, and the first that had not begun. */
  oldest_transaction: string;
  next_transaction: string;
}

export interface AttemptView {
  attempt: number;
  run_id: string | null;
  worker_id: string | null;
  queued_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  outcome: string;
  error: Record<string, unknown> | null;
}

export interface LogView {
  id: number;
  attempt: number;
  logged_at: string;
  level: string;
  message: string;
}

export interface ArtifactView {
  name: string;
  media_type: string;
  size_bytes: number;
  sha256: string;
  created_at: string;
}

const events: Statement = {
  name: 'events-of-chain',
  text: `SELECT id, chain_id, task_id, kind, disposition, attempt, run_id, recorded_at, data
           FROM chain_events WHERE chain_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
};
export const allEvents: Statement = {
  name: 'events-of-all',
  text: `
    SELECT id, chain_id, task_id, kind, disposition, attempt, run_id, recorded_at, data,
           told_at < clock_timestamp() - interval '2 min' AS settled, oldest_transaction, next_transaction
      FROM chain_event_ids($1, $2) AS page
      LEFT JOIN LATERAL (SELECT * FROM chain_events WHERE id = page.id OFFSET 0) AS event USING (id)
     CROSS JOIN (SELECT pg_snapshot_xmin(seen)::text AS oldest_transaction, pg_snapshot_xmax(seen)::text AS next_transaction
                   FROM pg_current_snapshot() AS seen) AS snapshot
     ORDER BY id`,
};
const lastEventId: Statement = {
  name: 'last-event-id',
  text: `SELECT last_chain_event_id() AS id`,
};
const attempts: Statement = {
  name: 'attempts-of-task',
  text: `
    SELECT attempt, run_id, worker_id, queued_at, started_at, finished_at, outcome, error
      FROM task_attempts WHERE task_request_id = $1
    UNION ALL
    SELECT attempt, run_id, worker_id, queued_at, started_at, NULL, status, NULL
      FROM chain_tasks WHERE task_request_id = $1 AND status IN ('QUEUED', 'RUNNING')
     ORDER BY attempt`,
};
const logs: Statement = {
  name: 'logs-of-task',
  text: `SELECT id, attempt, logged_at, level, message FROM task_logs
          WHERE task_request_id = $1 AND id > $2 AND ($4::int IS NULL OR attempt = $4) ORDER BY id LIMIT $3`,
};
const artifacts: Statement = {
  name: 'artifacts-of-task',
  text: `SELECT name, media_type, size_bytes, sha256, created_at FROM artifacts
          WHERE chain_id = $1 AND task_id = $2 ORDER BY name`,
};

export const readHistory = {
  /** Events after row `after`, in the order in which they were recorded. */
  events: (db: Queryable, chainId: string, after: number, limit: number) =>
    db.query<EventView>(events, [chainId, after, limit]),
  /** Events of all chains after row `after`, in the order of their ids. */
  allEvents: (db: Queryable, after: number, limit: number) => db.query<LoggedEvent>(allEvents, [after, limit]),
  /** The largest id; 0 where there is none. */
  lastEventId: async (db: Queryable) => (await db.query<{ id: number }>(lastEventId))[0]!.id,
  /** Ended attempts, and the one under way with its present status as outcome. */
  attempts: (db: Queryable, taskRequestId: string) => db.query<AttemptView>(attempts, [taskRequestId]),
  logs: (db: Queryable, taskRequestId: string, after: number, limit: number, attempt: number | null) =>
    db.query<LogView>(logs, [taskRequestId, after, limit, attempt]),
  artifacts: (db: Queryable, chainId: string, taskId: string) => db.query<ArtifactView>(artifacts, [chainId, taskId]),
};
