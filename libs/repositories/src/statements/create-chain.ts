import type { Statement } from '../pool.js';
import { COUNTED_NOW, LAG } from './clock.js';
import { SETTING_COLUMNS, SETTING_TYPES } from '../setting-columns.js';

// SQL: on the path of every chain; eight inserts in one round trip.

/**
 * Stores a chain with its tasks, their requests, its edges and its first event, an entry for the audit log, and the
 * idempotency key of the request with its answer: all of it or, where the key is taken, nothing. Waits for a writer of
 * the same key.
 *
 * One statement, as each round trip costs the API and the database as much as its work.
 *
 * $1 the chain as a JSON object, $2 its tasks as a JSON array; its edges: $3 from, $4 to, $5 types, $6 conditions
 * (pairwise); $7 scope, $8 key (null: none), $9 hash, $10 answer, into which `created_at` is filled; $11 audit entry
 * (null: none); $12 the request's traceparent (null: none); $13 lease of tasks that are QUEUED at once, ms (null: none are, and nobody goes
 * on with the chain) -> when it was stored, what was made, and the clocks of `load-hop`; no row where the key is taken.
 */
export const createChain: Statement = {
  name: 'create-chain',
  text: `
    WITH key AS (
      INSERT INTO idempotency_keys (scope, idempotency_key, request_hash, response)
      SELECT $7::text, $8::text, $9::bytea, $10::jsonb || jsonb_build_object('created_at', now()) WHERE $8::text IS NOT NULL
      ON CONFLICT DO NOTHING RETURNING 1
    ), chain AS (
      INSERT INTO task_chains (chain_id, chain_name, chain_type, description, chain_config, status, total_tasks,
                               created_by, by_admin, metadata, labels, outputs, compensation, compensates,
                               parent_chain_id, parent_task_id, parent_position, parent_attempt, parent_turn, parent_priority, parent_args, parent_left_ms, reserved_tasks, template_id, template_version, schedule_id, scheduled_at, stop_on_error, timeout_seconds, approval_timeout_seconds, max_parallel, admitted_tasks,
                               concurrency_key, concurrency_limit, created_at, started_at, deadline_at, execution_id)
      SELECT chain_id, chain_name, chain_type, description, chain_config, status, total_tasks, created_by,
             by_admin, coalesce(metadata, '{}'), coalesce(labels, '{}'), outputs, compensation, compensates,
             parent_chain_id, parent_task_id, parent_position, parent_attempt, parent_turn, parent_priority, parent_args, parent_left_ms, coalesce(reserved_tasks, 0), template_id, template_version, schedule_id, scheduled_at, stop_on_error, timeout_seconds,
             approval_timeout_seconds, max_parallel, admitted_tasks, concurrency_key,
             concurrency_limit, now(),
             CASE WHEN status = 'RUNNING' THEN now() END,
             CASE WHEN status = 'RUNNING' THEN ${COUNTED_NOW} + timeout_seconds * interval '1 s' END,
             CASE WHEN status = 'RUNNING' THEN execution_id END
        FROM json_to_record($1::json) AS i(
          chain_id text, chain_name text, chain_type text, description text, chain_config jsonb, status text,
          total_tasks int, created_by text, by_admin boolean, metadata jsonb, labels jsonb, outputs jsonb, compensation jsonb, compensates text,
          parent_chain_id text, parent_task_id text, parent_position int, parent_attempt int, parent_turn int, parent_priority int, parent_args jsonb, parent_left_ms float8, reserved_tasks int, template_id text, template_version int, schedule_id text, scheduled_at timestamptz, stop_on_error boolean, timeout_seconds int, approval_timeout_seconds int,
          max_parallel int, admitted_tasks int, execution_id text, concurrency_key text, concurrency_limit int)
       WHERE $8::text IS NULL OR EXISTS (SELECT FROM key)
      RETURNING chain_id, chain_type, status, total_tasks, created_at, labels
    ), labels AS (
      INSERT INTO chain_labels (chain_id, key, value)
      SELECT chain.chain_id, label.key, label.value FROM chain CROSS JOIN jsonb_each_text(chain.labels) AS label
    ), task_in AS MATERIALIZED (
      SELECT chain.chain_id, i.*
        FROM chain CROSS JOIN json_to_recordset($2::json) AS i(
          task_id text, task_request_id text, task_name text, task_type text, execution_mode text, depends_on jsonb,
          is_callback boolean, status text, execution_order int, priority int, level int, pending int,
          trigger_rule jsonb, conditions text[], ${SETTING_TYPES}, queue_timeout_seconds int, hold text,
          retry_policy jsonb, timeout_seconds int, predecessors int[], successors int[], referenced int[], params jsonb,
          concurrency_key text, concurrency_limit int, concurrency_of text, consent jsonb, handed jsonb, child jsonb)
    ), requests AS (
      INSERT INTO task_requests (task_request_id, task_type, task_name, params, metadata, child)
      SELECT task_request_id, task_type, task_name, params,
             jsonb_strip_nulls(jsonb_build_object('chain_id', chain_id, 'task_id', task_id, 'traceparent', $12::text, 'consent', consent, 'handed', handed)), child
        FROM task_in
    ), tasks AS (
      INSERT INTO chain_tasks (chain_id, task_id, task_request_id, task_name, task_type, execution_mode, depends_on,
                               is_callback, status, execution_order, priority, level, pending_dependencies,
                               trigger_rule, retry_policy, timeout_seconds, predecessors, successors, referenced,
                               conditions, ${SETTING_COLUMNS}, queue_timeout_seconds, hold, concurrency_key, concurrency_limit,
                               concurrency_of, ready_at, attempt, queued_at, first_queued_at, lease_until, job_id)
      SELECT chain_id, task_id, task_request_id, task_name, task_type, execution_mode, depends_on, is_callback, status,
             execution_order, priority, level, pending, trigger_rule, retry_policy, timeout_seconds,
             predecessors, successors, referenced, conditions, ${SETTING_COLUMNS}, queue_timeout_seconds, hold, concurrency_key,
             concurrency_limit, concurrency_of, CASE WHEN status = 'READY' THEN ${COUNTED_NOW} END,
             (status = 'QUEUED')::int, CASE WHEN status = 'QUEUED' THEN now() END, CASE WHEN status = 'QUEUED' THEN ${COUNTED_NOW} END,
             CASE WHEN status = 'QUEUED' THEN ${COUNTED_NOW} + $13::float8 * interval '1 ms' END,
             CASE WHEN status = 'QUEUED' THEN task_request_id || '.1' END
        FROM task_in
      RETURNING id, execution_order, task_request_id
    ), edges AS (
      INSERT INTO chain_dependencies (chain_id, from_task_id, to_task_id, dependency_type, when_expression)
      SELECT chain.chain_id, edge.* FROM chain CROSS JOIN unnest($3::text[], $4::text[], $5::text[], $6::text[]) AS edge
    ), event AS (
      INSERT INTO chain_events (chain_id, kind, disposition, chain_version, data)
      SELECT chain_id, CASE status WHEN 'RUNNING' THEN 'ChainCreatedAndStarted' ELSE 'ChainCreated' END, 'ACCEPTED', 1,
             jsonb_build_object('total_tasks', total_tasks, 'chain_type', chain_type)
        FROM chain
    ), audit AS (
      INSERT INTO outbox (kind, payload) SELECT 'AUDIT', $11::jsonb FROM chain WHERE $11::jsonb IS NOT NULL
    )
    SELECT created_at, CASE WHEN $13::float8 IS NOT NULL THEN json_build_object(
             'chainId', chain_id, 'ids', ARRAY(SELECT id FROM tasks ORDER BY execution_order),
             'requestIds', ARRAY(SELECT task_request_id FROM tasks ORDER BY execution_order),
             'nowMs', (extract(epoch FROM ${COUNTED_NOW}) * 1000)::float8, 'lagMs', (extract(epoch FROM ${LAG}) * 1000)::float8) END AS made
      FROM chain`,
};
