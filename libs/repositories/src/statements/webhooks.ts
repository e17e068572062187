import type { Statement } from '../pool.js';
import { COUNTED_NOW, LAG } from './clock.js';

// SQL: on the path of every ended chain; replicas share rows by SKIP LOCKED.

/** A chain's end starts chains of schedules only where it is part of no other chain: no child, and none that undoes one. */
const STARTS = `c.compensates IS NULL AND c.parent_chain_id IS NULL`;

/** A chain that ended, as its notice and its row have it; null where the row has gone or is running again. */
export interface EndedChain {
  status: 'SUCCESS' | 'FAILURE' | 'CANCELLED';
  total_tasks: number | null;
  seconds: number | null;
  error_code: string | null;
}

/** A delivery that is due, with where it goes. */
export interface DueDelivery {
  id: number;
  webhook_id: string;
  message_id: string;
  payload: unknown;
  tries: number;
  url: string;
  secret: string;
}

const ENDS = `('chain.success', 'chain.failure', 'chain.cancelled')`;

/** What a webhook without a list of events is not sent: there may be as many as tasks. */
const NAMED_ONLY = `('chain.held', 'task.failure')`;

/** The payload with the chain's name and, where it failed, its error; and where to read on. */
const PAYLOAD = `taken.payload || jsonb_build_object('data', taken.payload -> 'data' || jsonb_strip_nulls(jsonb_build_object(
  'chain_name', c.chain_name,
  'error', coalesce(taken.payload -> 'data' -> 'error', CASE WHEN taken.payload ->> 'type' = 'chain.failure' THEN c.error END),
  'link', $2::text || '/api/v1/chains/' || (taken.payload -> 'data' ->> 'chain_id')
          || coalesce('/tasks/' || (taken.payload -> 'data' ->> 'task_id'), ''))))`;

/**
 * Outbox rows of kind NOTICE become one delivery per endpoint that wants them, and ends of chains ticks of the schedules that wait for them, in one statement. $1 limit, $2 where links begin -> the chains that ended: each end comes once, to one listener.
 */
export const spreadNotices: Statement = {
  name: 'spread-notices',
  text: `
    WITH taken AS (
      DELETE FROM outbox WHERE id IN (
        SELECT id FROM outbox WHERE kind = 'NOTICE' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
      RETURNING id, tenant_id, payload
    ), deliveries AS (
      INSERT INTO webhook_deliveries (tenant_id, webhook_id, message_id, event_type, payload, next_attempt_at)
      SELECT w.tenant_id, w.webhook_id, 'msg_' || gen_random_uuid(), taken.payload ->> 'type', ${PAYLOAD}, ${COUNTED_NOW}
        FROM taken JOIN webhooks w ON w.tenant_id = taken.tenant_id AND w.enabled AND w.deleted_at IS NULL
                                  AND (taken.payload ->> 'type' = ANY (w.events)
                                       OR w.events = '{}' AND taken.payload ->> 'type' NOT IN ${NAMED_ONLY})
             LEFT JOIN task_chains c ON c.chain_id = taken.payload -> 'data' ->> 'chain_id'
       ORDER BY taken.id
    ), ended AS MATERIALIZED (
      SELECT taken.id, taken.tenant_id, upper(split_part(taken.payload ->> 'type', '.', 2)) AS status, c.chain_id, c.chain_name,
             c.template_id, c.schedule_id, c.scheduled_at, c.labels
        FROM taken JOIN task_chains c ON c.chain_id = taken.payload -> 'data' ->> 'chain_id'
       WHERE taken.payload ->> 'type' IN ${ENDS} AND ${STARTS}
    ), started AS MATERIALIZED (
      SELECT add_event_tick(
               s.schedule_id, 'CHAIN_END', (e.chain_id || '/' || e.id)::varchar,
               jsonb_build_object('chain_id', e.chain_id, 'chain_name', e.chain_name, 'status', e.status),
               CASE WHEN e.schedule_id IS NULL THEN '{}'
                    ELSE coalesce((SELECT t.led_by FROM schedule_ticks t WHERE t.schedule_id = e.schedule_id AND t.due_at = e.scheduled_at), '{}')
                         || e.schedule_id::text END, ${COUNTED_NOW})
        FROM ended e JOIN schedules s ON s.tenant_id = e.tenant_id AND s.on_chain_end IS NOT NULL AND s.deleted_at IS NULL
         AND s.on_chain_end -> 'statuses' ? e.status
         AND coalesce(s.on_chain_end ->> 'template_id' = e.template_id, NOT s.on_chain_end ? 'template_id')
         AND coalesce(s.on_chain_end ->> 'schedule_id' = e.schedule_id, NOT s.on_chain_end ? 'schedule_id')
         AND e.labels @> coalesce(s.on_chain_end -> 'labels', '{}')
       ORDER BY s.schedule_id, e.id
    )
    SELECT upper(split_part(taken.payload ->> 'type', '.', 2)) AS status, c.total_tasks, c.error ->> 'code' AS error_code,
           CASE WHEN c.completed_at < c.started_at THEN 0 ELSE extract(epoch FROM c.completed_at - c.started_at)::float8 END AS seconds
      FROM taken
      LEFT JOIN LATERAL (
        SELECT * FROM task_chains WHERE chain_id = taken.payload -> 'data' ->> 'chain_id' OFFSET 0) AS c ON true
     WHERE taken.payload ->> 'type' IN ${ENDS} AND (SELECT count(*) FROM started) >= 0 -- PostgreSQL runs no SELECT that nothing reads`,
};

/** Takes due deliveries. $1 limit, $2 hidden for ms. */
export const takeDeliveries: Statement = {
  name: 'take-deliveries',
  text: `
    UPDATE webhook_deliveries d
       SET tries = d.tries + 1, next_attempt_at = ${COUNTED_NOW} + $2::float8 * interval '1 ms'
      FROM webhooks w
     WHERE w.webhook_id = d.webhook_id AND w.enabled AND w.deleted_at IS NULL
       AND d.id IN (SELECT id FROM webhook_deliveries
                     WHERE status = 'PENDING' AND next_attempt_at <= ${COUNTED_NOW}
                       AND webhook_id IN (SELECT webhook_id FROM webhooks WHERE enabled AND deleted_at IS NULL)
                     ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING d.id, d.webhook_id, d.message_id, d.payload, d.tries, w.url, w.secret`,
};

/** The columns of a delivery that are shown, its times by PostgreSQL's clock. */
export const DELIVERY = `id, webhook_id, message_id, event_type, payload, status, tries, next_attempt_at + ${LAG} AS next_attempt_at,
  response_status, error, created_at, delivered_at`;

/** $1 webhook, $2 before this row, $3 limit -> its deliveries, newest first. */
export const deliveriesOf: Statement = {
  name: 'deliveries-of',
  text: `SELECT ${DELIVERY} FROM webhook_deliveries WHERE webhook_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`,
};

/** Switches a webhook off and gives up its deliveries. $1 id, $2 reason. */
export const disableWebhook: Statement = {
  name: 'disable-webhook',
  text: `
    WITH given_up AS (
      UPDATE webhook_deliveries SET status = 'FAILED', error = $2 WHERE webhook_id = $1 AND status = 'PENDING'
    )
    UPDATE webhooks SET enabled = false, disabled_reason = $2 WHERE webhook_id = $1`,
};
