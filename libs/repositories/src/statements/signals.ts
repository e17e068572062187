import type { Statement } from '../pool.js';
import { COUNTED_NOW, LAG } from './clock.js';

// SQL: a signal meets its task in one statement over two tables, by their partial indexes.

/** A signal and the task that is to get it. `schema`: what its payload must be. */
export interface MatchRow {
  readonly signal_id: string;
  readonly payload: unknown;
  readonly created_by: string | null;
  readonly schema: object | null;
  readonly chain_id: string;
  readonly task_id: string;
  readonly task_request_id: string;
  readonly attempt: number;
}

const OPEN = `s.status = 'STORED' AND s.expires_at > ${COUNTED_NOW}`;
const waitsFor = (of: string): string =>
  `t.hold = 'SIGNAL' AND t.tenant_id = ${of}.tenant_id AND t.awaits ->> 'name' = ${of}.name AND t.awaits ->> 'key' = ${of}.key`;

/**
 * $1 at most so many -> `MatchRow`s: of each name and key the signals in the order in which they
 * came, with the tasks in the order in which they began to wait.
 */
export const matchSignals: Statement = {
  name: 'match-signals',
  text: `
    WITH met AS MATERIALIZED (
      SELECT DISTINCT s.tenant_id, s.name, s.key FROM signals s
       WHERE ${OPEN} AND EXISTS (SELECT FROM chain_tasks t WHERE ${waitsFor('s')}) LIMIT $1
    )
    SELECT signal.signal_id, signal.payload, signal.created_by, task.schema, task.chain_id, task.task_id, task.task_request_id, task.attempt
      FROM met
     CROSS JOIN LATERAL (
       SELECT s.signal_id, s.payload, s.created_by, row_number() OVER (ORDER BY s.seq) AS place FROM signals s
        WHERE ${OPEN} AND s.tenant_id = met.tenant_id AND s.name = met.name AND s.key = met.key ORDER BY s.seq LIMIT $1) AS signal
     CROSS JOIN LATERAL (
       SELECT t.chain_id, t.task_id, t.task_request_id, t.attempt, t.awaits -> 'schema' AS schema,
              row_number() OVER (ORDER BY t.first_queued_at, t.id) AS place
         FROM chain_tasks t WHERE ${waitsFor('met')} ORDER BY t.first_queued_at, t.id LIMIT $1) AS task
     WHERE signal.place = task.place LIMIT $1`,
};

/** $1 signals -> those that nobody has given to a task, locked until the transaction ends. */
export const lockSignals: Statement = {
  name: 'lock-signals',
  text: `
    SELECT s.signal_id FROM signals s WHERE s.signal_id = ANY ($1::text[]) AND ${OPEN}
     ORDER BY s.seq FOR UPDATE SKIP LOCKED`,
};

/** $1 JSON array of `{signal_id, status, reason, chain_id, task_id}`. */
export const settleSignals: Statement = {
  name: 'settle-signals',
  text: `
    UPDATE signals s SET status = i.status, reason = i.reason, chain_id = i.chain_id, task_id = i.task_id, settled_at = now()
      FROM jsonb_to_recordset($1::jsonb) AS i(signal_id text, status text, reason text, chain_id text, task_id text)
     WHERE s.signal_id = i.signal_id AND s.status = 'STORED'`,
};

/** Those that nobody needs any more: $1 seconds since they were settled or expired, $2 at most. */
export const deleteOldSignals: Statement = {
  name: 'delete-old-signals',
  text: `
    DELETE FROM signals WHERE seq IN (
      SELECT seq FROM signals
       WHERE created_at < now() - $1::float8 * interval '1 s'
         AND coalesce(settled_at, expires_at + ${LAG}) < now() - $1::float8 * interval '1 s'
       ORDER BY created_at LIMIT $2)
    RETURNING seq`,
};

const LISTED = `
  s.signal_id, s.name, s.key, s.reason, s.created_at, s.created_by, s.chain_id, s.task_id, s.settled_at,
  s.expires_at + ${LAG} AS expires_at,
  CASE WHEN s.status = 'STORED' AND s.expires_at <= ${COUNTED_NOW} THEN 'EXPIRED' ELSE s.status END AS status`;
const SHOWN = `${LISTED}, s.payload`;

/** $1 id, $2 name, $3 key, $4 payload as JSON, $5 by whom, $6 seconds until it expires -> the signal as it is shown. */
export const insertSignal: Statement = {
  name: 'insert-signal',
  text: `
    WITH s AS (
      INSERT INTO signals (signal_id, name, key, payload, created_by, expires_at)
      VALUES ($1, $2, $3, $4::jsonb, $5, ${COUNTED_NOW} + $6::float8 * interval '1 s') RETURNING *
    )
    SELECT ${SHOWN} FROM s`,
};

/** $1 signal -> it as it is shown. */
export const findSignal: Statement = {
  name: 'find-signal',
  text: `SELECT ${SHOWN} FROM signals s WHERE s.signal_id = $1`,
};

/** $1 name, $2 key, $3 status, each null for any, $4 at most, $5 after so many -> signals without payloads, the newest first. */
export const listSignals: Statement = {
  name: 'list-signals',
  text: `
    SELECT * FROM (SELECT ${LISTED} FROM signals s
                    WHERE ($1::text IS NULL OR s.name = $1) AND ($2::text IS NULL OR s.key = $2) ORDER BY s.seq DESC) AS shown
     WHERE $3::text IS NULL OR status = $3
     LIMIT $4 OFFSET $5`,
};

/** -> how many of the tenant wait for their task. */
export const countStored: Statement = {
  name: 'count-stored-signals',
  text: `SELECT count(*)::int AS stored FROM signals s WHERE ${OPEN}`,
};

/** $1 name, $2 key -> the schema of the task that would get a signal sent now; no row where none waits, or others come before. */
export const schemaInWait: Statement = {
  name: 'schema-in-wait',
  text: `
    SELECT t.awaits -> 'schema' AS schema FROM chain_tasks t
     WHERE t.hold = 'SIGNAL' AND t.awaits ->> 'name' = $1 AND t.awaits ->> 'key' = $2
       AND NOT EXISTS (SELECT FROM signals s WHERE ${OPEN} AND s.name = $1 AND s.key = $2)
     ORDER BY t.first_queued_at, t.id LIMIT 1`,
};
