import type { Queryable } from './database.js';
import type { Statement } from './pool.js';

export interface Webhook {
  webhook_id: string;
  url: string;
  events: string[];
  enabled: boolean;
  disabled_reason: string | null;
  created_at: string;
}

export interface WebhookDelivery {
  id: number;
  webhook_id: string;
  message_id: string;
  event_type: string;
  payload: unknown;
  status: 'PENDING' | 'DELIVERED' | 'FAILED';
  tries: number;
  next_attempt_at: string;
  response_status: number | null;
  error: string | null;
  created_at: string;
  delivered_at: string | null;
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

const WEBHOOK = 'webhook_id, url, events, enabled, disabled_reason, created_at';
const DELIVERY = `id, webhook_id, message_id, event_type, payload, status, tries, next_attempt_at, response_status, error,
  created_at, delivered_at`;

const insert: Statement = {
  name: 'insert-webhook',
  text: `INSERT INTO webhooks (webhook_id, url, secret, events) VALUES ($1, $2, $3, $4) RETURNING ${WEBHOOK}`,
};
const list: Statement = {
  name: 'list-webhooks',
  text: `SELECT ${WEBHOOK} FROM webhooks WHERE deleted_at IS NULL ORDER BY created_at, webhook_id`,
};
/** Kept for a day, told of nothing. */
const remove: Statement = {
  name: 'delete-webhook',
  text: `UPDATE webhooks SET deleted_at = now() WHERE webhook_id = $1 AND deleted_at IS NULL RETURNING ${WEBHOOK}`,
};
const restore: Statement = {
  name: 'restore-webhook',
  text: `UPDATE webhooks SET deleted_at = NULL
          WHERE webhook_id = $1 AND deleted_at > now() - interval '1 day' RETURNING ${WEBHOOK}`,
};
/** Removes those that were deleted a day ago, with their deliveries, and tells the audit log. */
const forget: Statement = {
  name: 'forget-webhooks',
  text: `
    WITH gone AS (
      DELETE FROM webhooks WHERE deleted_at <= now() - interval '1 day' RETURNING tenant_id, webhook_id, url
    )
    INSERT INTO outbox (tenant_id, kind, payload)
    SELECT tenant_id, 'AUDIT', jsonb_build_object(
             'actor', 'retention', 'address', '-', 'request_id', '-', 'action', 'removeWebhook', 'target', webhook_id,
             'details', jsonb_build_object('url', url))
      FROM gone`,
};
const deliveries: Statement = {
  name: 'list-deliveries',
  text: `SELECT ${DELIVERY} FROM webhook_deliveries WHERE webhook_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`,
};
const replay: Statement = {
  name: 'replay-delivery',
  text: `UPDATE webhook_deliveries SET status = 'PENDING', tries = 0, next_attempt_at = now(), error = NULL
          WHERE webhook_id = $1 AND id = $2
            AND EXISTS (SELECT FROM webhooks w WHERE w.webhook_id = $1 AND w.deleted_at IS NULL) RETURNING ${DELIVERY}`,
};
/** A chain that ended, as its notice and its row tell of it; null where the row has gone or is running again. */
export interface EndedChain {
  status: 'SUCCESS' | 'FAILURE' | 'CANCELLED';
  total_tasks: number | null;
  seconds: number | null;
  error_code: string | null;
}

/**
 * Outbox rows of kind NOTICE become one delivery per endpoint that wants them, in one statement. $1 limit -> the chains
 * that ended: each end is told once, to one listener.
 */
const spread: Statement = {
  name: 'spread-notices',
  text: `
    WITH taken AS (
      DELETE FROM outbox WHERE id IN (
        SELECT id FROM outbox WHERE kind = 'NOTICE' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
      RETURNING id, tenant_id, payload
    ), deliveries AS (
      INSERT INTO webhook_deliveries (tenant_id, webhook_id, message_id, event_type, payload)
      SELECT w.tenant_id, w.webhook_id, 'msg_' || gen_random_uuid(), taken.payload ->> 'type', taken.payload
        FROM taken JOIN webhooks w ON w.tenant_id = taken.tenant_id AND w.enabled AND w.deleted_at IS NULL
                                  AND (w.events = '{}' OR taken.payload ->> 'type' = ANY (w.events))
       ORDER BY taken.id
    )
    SELECT upper(split_part(taken.payload ->> 'type', '.', 2)) AS status, c.total_tasks, c.error ->> 'code' AS error_code,
           extract(epoch FROM c.completed_at - c.started_at)::float8 AS seconds
      FROM taken
      LEFT JOIN LATERAL (
        SELECT * FROM task_chains WHERE chain_id = taken.payload -> 'data' ->> 'chain_id' OFFSET 0) AS c ON true`,
};
/** $1 limit, $2 hidden for ms. */
const take: Statement = {
  name: 'take-deliveries',
  text: `
    UPDATE webhook_deliveries d
       SET tries = d.tries + 1, next_attempt_at = clock_timestamp() + $2::float8 * interval '1 ms'
      FROM webhooks w
     WHERE w.webhook_id = d.webhook_id AND w.enabled AND w.deleted_at IS NULL
       AND d.id IN (SELECT id FROM webhook_deliveries
                     WHERE status = 'PENDING' AND next_attempt_at <= now()
                       AND webhook_id IN (SELECT webhook_id FROM webhooks WHERE enabled AND deleted_at IS NULL)
                     ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING d.id, d.webhook_id, d.message_id, d.payload, d.tries, w.url, w.secret`,
};
/** $1 id, $2 status, $3 response status, $4 error, $5 next try in ms. */
const settle: Statement = {
  name: 'settle-delivery',
  text: `
    UPDATE webhook_deliveries
       SET status = $2::varchar, response_status = $3, error = $4,
           next_attempt_at = clock_timestamp() + $5::float8 * interval '1 ms',
           delivered_at = CASE WHEN $2::varchar = 'DELIVERED' THEN clock_timestamp() END
     WHERE id = $1`,
};
const disable: Statement = {
  name: 'disable-webhook',
  text: `
    WITH given_up AS (
      UPDATE webhook_deliveries SET status = 'FAILED', error = $2 WHERE webhook_id = $1 AND status = 'PENDING'
    )
    UPDATE webhooks SET enabled = false, disabled_reason = $2 WHERE webhook_id = $1`,
};

/** Endpoints that are told of finished chains, and what was sent to them. */
export const webhooks = {
  insert: async (db: Queryable, id: string, url: string, secret: string, events: readonly string[]) =>
    (await db.query<Webhook>(insert, [id, url, secret, events]))[0]!,
  list: (db: Queryable) => db.query<Webhook>(list),
  /** undefined: there is none. */
  remove: async (db: Queryable, id: string) => (await db.query<Webhook>(remove, [id]))[0],
  /** undefined: none was removed within a day. */
  restore: async (db: Queryable, id: string) => (await db.query<Webhook>(restore, [id]))[0],
  forget: (db: Queryable) => db.query(forget),
  /** Newest first, those before row `before`. */
  deliveries: (db: Queryable, id: string, before: number, limit: number) =>
    db.query<WebhookDelivery>(deliveries, [id, before, limit]),
  /** Sends a delivery again, with the same message id; undefined: there is none. */
  replay: async (db: Queryable, id: string, deliveryId: number) =>
    (await db.query<WebhookDelivery>(replay, [id, deliveryId]))[0],
  spread: (db: Queryable, limit: number) => db.query<EndedChain>(spread, [limit]),
  take: (db: Queryable, limit: number, hideMs: number) => db.query<DueDelivery>(take, [limit, hideMs]),
  settle: (
    db: Queryable,
    id: number,
    status: 'PENDING' | 'DELIVERED' | 'FAILED',
    response: number | null,
    error: string | null,
    nextMs: number,
  ) => db.query(settle, [id, status, response, error, nextMs]),
  disable: (db: Queryable, id: string, reason: string) => db.query(disable, [id, reason]),
};
