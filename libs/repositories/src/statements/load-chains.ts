import type { Statement } from '../pool.js';

// SQL: on the path of every report; times come as numbers by the database's clock.

/** $1 chain ids -> what `decide` needs of each chain, and PostgreSQL's clock. */
export const loadChains: Statement = {
  name: 'load-chains',
  text: `
    SELECT chain_id, tenant_id, version, status, epoch, total_tasks, completed_tasks, failed_tasks, skipped_tasks,
           cancelled_tasks, tolerated_tasks, admitted_tasks, max_parallel, time_left_ms, stop_on_error, timeout_seconds, approval_timeout_seconds, error,
           extract(epoch FROM deadline_at) * 1000 AS deadline_ms,
           extract(epoch FROM clock_timestamp()) * 1000 AS now_ms
      FROM task_chains
     WHERE chain_id = ANY ($1::text[])`,
};
