import type { Statement } from '../pool.js';
import { COUNTED_NOW, LAG } from './clock.js';

// SQL: on the path of every report; times come as numbers, by the counted time.

/** $1 chain ids -> what `decide` needs of each chain, and the counted time. */
export const loadChains: Statement = {
  name: 'load-chains',
  text: `
    SELECT chain_id, tenant_id, version, status, epoch, total_tasks, completed_tasks, failed_tasks, skipped_tasks,
           cancelled_tasks, tolerated_tasks, admitted_tasks, max_parallel, time_left_ms, stop_on_error, timeout_seconds, approval_timeout_seconds, error, ended_by,
           compensation IS NOT NULL AS compensates, compensated_by IS NOT NULL AS compensated, parent_chain_id, parent_turn,
           extract(epoch FROM deadline_at) * 1000 AS deadline_ms,
           extract(epoch FROM ${COUNTED_NOW}) * 1000 AS now_ms, extract(epoch FROM ${LAG}) * 1000 AS lag_ms
      FROM task_chains
     WHERE chain_id = ANY ($1::text[])`,
};
