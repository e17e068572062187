import type { Queryable } from '../database.js';
import type { Statement } from '../pool.js';

// SQL: polled by live events; ids are read through a function that sees all tenants.

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
 * An event of all chains, and whether an earlier one may still appear. `chain_id` is null if the event belongs to another
 * tenant: only its id is shown.
 */
export interface LoggedEvent extends Omit<EventView, 'chain_id'> {
  chain_id: string | null;
  /** So old that all that was under way beside it has ended. */
  settled: boolean;
  /** From the statement's snapshot: the oldest open transaction, and the first that had not begun. */
  oldest_transaction: string;
  next_transaction: string;
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
export const readHistory = {
  /** Events after row `after`, in the order in which they were recorded. */
  events: (db: Queryable, chainId: string, after: number, limit: number) =>
    db.query<EventView>(events, [chainId, after, limit]),
  /** Events of all chains after row `after`, in the order of their ids. */
  allEvents: (db: Queryable, after: number, limit: number) => db.query<LoggedEvent>(allEvents, [after, limit]),
  /** The largest id, or 0. */
  lastEventId: async (db: Queryable) => (await db.query<{ id: number }>(lastEventId))[0]!.id,
};
