import type { Statement } from '../database.js';

/** One chain. $1 JSON object. */
export const insertChain: Statement = {
  name: 'insert-chain',
  text: `
    INSERT INTO task_chains (chain_id, chain_name, chain_type, description, chain_config, status, total_tasks,
                             created_by, metadata, stop_on_error, timeout_seconds, max_parallel, admitted_tasks, created_at, started_at, deadline_at,
                             execution_id)
    SELECT chain_id, chain_name, chain_type, description, chain_config, status, total_tasks, created_by,
           coalesce(metadata, '{}'), stop_on_error, timeout_seconds, max_parallel, admitted_tasks, now(),
           CASE WHEN status = 'RUNNING' THEN now() END,
           CASE WHEN status = 'RUNNING' THEN now() + timeout_seconds * interval '1 s' END,
           CASE WHEN status = 'RUNNING' THEN execution_id END
      FROM json_to_record($1::json) AS i(
        chain_id text, chain_name text, chain_type text, description text, chain_config jsonb, status text,
        total_tasks int, created_by text, metadata jsonb, stop_on_error boolean, timeout_seconds int,
        max_parallel int, admitted_tasks int, execution_id text)
    RETURNING created_at, started_at`,
};

/** Its tasks' requests. $1 JSON array. */
export const insertRequests: Statement = {
  name: 'insert-requests',
  text: `
    INSERT INTO task_requests (task_request_id, task_type, task_name, params, metadata)
    SELECT task_request_id, task_type, task_name, params, metadata
      FROM json_to_recordset($1::json) AS i(
        task_request_id text, task_type text, task_name text, params jsonb, metadata jsonb)`,
};

/** Its tasks. $1 chain id, $2 JSON array. */
export const insertTasks: Statement = {
  name: 'insert-tasks',
  text: `
    INSERT INTO chain_tasks (chain_id, task_id, task_request_id, task_name, task_type, execution_mode, depends_on,
                             is_callback, status, execution_order, priority, level, pending_dependencies, trigger_rule,
                             retry_policy, timeout_seconds, predecessors, successors, referenced, conditions, tolerable,
                             queue_timeout_seconds, hold, ready_at)
    SELECT $1, task_id, task_request_id, task_name, task_type, execution_mode, depends_on, is_callback, status,
           execution_order, priority, level, pending, trigger_rule, retry_policy, timeout_seconds,
           ARRAY(SELECT json_array_elements_text(predecessors)::int), ARRAY(SELECT json_array_elements_text(successors)::int),
           ARRAY(SELECT json_array_elements_text(referenced)::int), ARRAY(SELECT json_array_elements_text(conditions)),
           tolerable, queue_timeout_seconds, hold, CASE WHEN status = 'READY' THEN now() END
      FROM json_to_recordset($2::json) AS i(
        task_id text, task_request_id text, task_name text, task_type text, execution_mode text, depends_on jsonb,
        is_callback boolean, status text, execution_order int, priority int, level int, pending int, trigger_rule jsonb, conditions json, tolerable boolean, queue_timeout_seconds int, hold text,
        retry_policy jsonb, timeout_seconds int, predecessors json, successors json, referenced json)`,
};

/** Its edges. $1 chain id, $2 from, $3 to, $4 types, $5 conditions (pairwise). */
export const insertEdges: Statement = {
  name: 'insert-edges',
  text: `
    INSERT INTO chain_dependencies (chain_id, from_task_id, to_task_id, dependency_type, when_expression)
    SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[])`,
};

/** $1 chain id, $2 kind, $3 data: an event of the chain itself. */
export const insertChainEvent: Statement = {
  name: 'insert-chain-event',
  text: `
    INSERT INTO chain_events (chain_id, kind, disposition, chain_version, data)
    VALUES ($1, $2, 'ACCEPTED', 1, $3::jsonb)`,
};
