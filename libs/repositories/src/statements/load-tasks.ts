import type { Statement } from '../database.js';

const COLUMNS = `
  t.id, t.chain_id, t.task_id, t.task_request_id, t.task_type, t.status, t.execution_order, t.attempt, t.run_id,
  t.failures, t.losses, t.pending_dependencies, t.succeeded_dependencies, t.failed_dependencies,
  t.skipped_dependencies, t.trigger_rule, t.retry_policy, t.priority, t.successors, t.skip_reason, t.error, t.tolerable, t.hold,
  extract(epoch FROM t.first_queued_at) * 1000 AS first_queued_ms,
  extract(epoch FROM t.next_attempt_at) * 1000 AS next_attempt_ms`;

/** $1 task request ids -> these tasks and their successors: what a successful report needs. */
export const loadTasks: Statement = {
  name: 'load-tasks',
  text: `
    WITH hit AS (
      SELECT chain_id, execution_order, successors FROM chain_tasks WHERE task_request_id = ANY ($1::text[])
    ), wanted AS (
      SELECT chain_id, execution_order FROM hit
      UNION
      SELECT chain_id, successor FROM hit, unnest(successors) AS successor
    )
    SELECT ${COLUMNS} FROM wanted JOIN chain_tasks t USING (chain_id, execution_order)`,
};

/** $1 chain ids -> all their tasks: what stops or skips needs. */
export const loadAllTasks: Statement = {
  name: 'load-all-tasks',
  text: `SELECT ${COLUMNS} FROM chain_tasks t WHERE t.chain_id = ANY ($1::text[])`,
};
