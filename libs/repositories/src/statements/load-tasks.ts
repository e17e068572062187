import type { Statement } from '../pool.js';
import { SETTINGS_OF_T } from '../setting-columns.js';
import { COUNTED_NOW, LAG } from './clock.js';

// SQL: on the path of every report; a task, its successors and their jobs in one round trip.

const COLUMNS = `
  t.id, t.chain_id, t.task_id, t.task_request_id, t.task_type, t.status, t.execution_order, t.attempt, t.run_id,
  t.failures, t.losses, t.pending_dependencies, t.succeeded_dependencies, t.failed_dependencies,
  t.skipped_dependencies, t.trigger_rule, t.retry_policy, t.priority, t.successors, t.skip_reason, t.error, ${SETTINGS_OF_T}, t.hold, t.approved_attempt, t.concurrency_key IS NOT NULL AS grouped,
  extract(epoch FROM t.first_queued_at) * 1000 AS first_queued_ms,
  extract(epoch FROM t.next_attempt_at) * 1000 AS next_attempt_ms`;

/** The chain's columns as `c_<column>`: one statement reads chain and tasks from one snapshot. */
const CHAIN_COLUMNS = [
  ...[
    ...[
      'chain_id',
      'tenant_id',
      'version',
      'status',
      'epoch',
      'total_tasks',
      'completed_tasks',
      'failed_tasks',
      'skipped_tasks',
    ],
    ...['cancelled_tasks', 'tolerated_tasks', 'admitted_tasks', 'max_parallel', 'time_left_ms', 'stop_on_error'],
    ...['timeout_seconds', 'approval_timeout_seconds', 'error', 'ended_by', 'parent_chain_id', 'parent_turn'],
  ].map((column) => `c.${column} AS c_${column}`),
  'c.compensation IS NOT NULL AS c_compensates',
  'c.compensated_by IS NOT NULL AS c_compensated',
];

/** Parameters of more bytes, as they are stored, are read only when their job is made. */
const READ_AHEAD_BYTES = 2_048;

/**
 * $1 task request ids, $2 beside each up to how many tasks its chain is read whole (0: never) -> these tasks and their
 * successors, or all tasks of their chain, in one round trip. One task of each chain comes with the chain. A task that
 * may become ready by what is decided comes with what its job carries.
 *
 * Each row is looked up by its own key (`OFFSET 0` keeps the planner from joining in another order): on tables whose
 * statistics are older than their rows it scanned all tasks for each batch.
 */
export const loadHop: Statement = {
  name: 'load-hop',
  text: `
    WITH hit AS MATERIALIZED (
      SELECT t.chain_id, t.execution_order, t.successors, c.total_tasks, c.total_tasks <= asked.whole_up_to AS whole
        FROM unnest($1::text[], $2::int[]) AS asked(task_request_id, whole_up_to)
       CROSS JOIN LATERAL (
         SELECT chain_id, execution_order, successors FROM chain_tasks
          WHERE task_request_id = asked.task_request_id OFFSET 0) AS t
       CROSS JOIN LATERAL (SELECT total_tasks FROM task_chains WHERE chain_id = t.chain_id OFFSET 0) AS c
    ), wanted AS MATERIALIZED (
      SELECT chain_id, execution_order, sum(ended) AS ended,
             row_number() OVER (PARTITION BY chain_id) = 1 AS is_first
        FROM (SELECT chain_id, execution_order, 0 AS ended FROM hit WHERE NOT whole
               UNION ALL
              SELECT chain_id, successor, 1 FROM hit, unnest(successors) AS successor WHERE NOT whole
               UNION ALL
              SELECT chain_id, position, total_tasks
                FROM (SELECT DISTINCT chain_id, total_tasks FROM hit WHERE whole) AS small,
                     generate_series(0, total_tasks - 1) AS position) AS named
       GROUP BY chain_id, execution_order
    )
    SELECT t.*, ${CHAIN_COLUMNS.join(', ')}, extract(epoch FROM c.deadline_at) * 1000 AS c_deadline_ms,
           extract(epoch FROM ${COUNTED_NOW}) * 1000 AS c_now_ms, extract(epoch FROM ${LAG}) * 1000 AS c_lag_ms, job.*
      FROM wanted
     CROSS JOIN LATERAL (
       SELECT ${COLUMNS} FROM chain_tasks t
        WHERE t.chain_id = wanted.chain_id AND t.execution_order = wanted.execution_order OFFSET 0) AS t
      LEFT JOIN LATERAL (
       SELECT * FROM task_chains WHERE chain_id = wanted.chain_id AND wanted.is_first OFFSET 0) AS c ON true
      LEFT JOIN LATERAL (
       SELECT r.params, r.traceparent, r.consent, r.handed, own.predecessors, own.referenced, own.timeout_seconds, own.conditions
         FROM (SELECT * FROM chain_tasks WHERE task_request_id = t.task_request_id OFFSET 0) AS own
        CROSS JOIN LATERAL (SELECT params, metadata ->> 'traceparent' AS traceparent, metadata -> 'consent' AS consent, metadata -> 'handed' AS handed
                               FROM task_requests WHERE task_request_id = t.task_request_id OFFSET 0) AS r
        WHERE t.status = 'PENDING' AND t.pending_dependencies <= wanted.ended
          AND pg_column_size(r.params) <= ${READ_AHEAD_BYTES} OFFSET 0) AS job ON true`,
};

/** $1 chain ids -> all their tasks: what stops or skips needs. */
export const loadAllTasks: Statement = {
  name: 'load-all-tasks',
  text: `SELECT ${COLUMNS}, t.changed_version, t.predecessors FROM chain_tasks t WHERE t.chain_id = ANY ($1::text[])`,
};
