import type { Statement } from '../pool.js';
import { COUNTED_NOW } from './clock.js';

// SQL: tasks and their chains change together, in bulk.

/** -> the ms until the first RETRYING task without a hold is due, negative if it is overdue; null: no such task. */
export const nextDue: Statement = {
  name: 'next-due',
  text: `
    SELECT extract(epoch FROM (
             SELECT next_attempt_at FROM chain_tasks WHERE status = 'RETRYING' AND hold IS NULL
              ORDER BY next_attempt_at LIMIT 1 -- not min(), which may be planned as a scan of all that wait
           ) - ${COUNTED_NOW})::float8 * 1000 AS ms`,
};

/**
 * RETRYING tasks of RUNNING chains whose backoff is over become READY: as many as their chain's limit leaves room for
 * are admitted, the others are held until a place is free. $1 limit -> their ids. Never waits (SKIP LOCKED).
 */
export const promoteDue: Statement = {
  name: 'promote-due',
  text: `
    WITH due AS MATERIALIZED (
      SELECT t.id, t.chain_id, t.priority, t.execution_order
        FROM chain_tasks t
       WHERE t.status = 'RETRYING' AND t.hold IS NULL AND t.next_attempt_at <= ${COUNTED_NOW}
         AND (SELECT c.status FROM task_chains c WHERE c.chain_id = t.chain_id) = 'RUNNING'
       ORDER BY t.next_attempt_at LIMIT $1
         FOR UPDATE SKIP LOCKED
    ), locked AS MATERIALIZED (
      SELECT c.chain_id, c.version + 1 AS version, c.max_parallel - c.admitted_tasks AS places
        FROM task_chains c
       WHERE c.chain_id = ANY (ARRAY(SELECT DISTINCT chain_id FROM due)::text[]) AND (c.status = 'RUNNING') IS TRUE -- by its id, not among all that run
       ORDER BY c.chain_id
         FOR NO KEY UPDATE SKIP LOCKED
    ), ranked AS MATERIALIZED (
      SELECT due.id, locked.chain_id, locked.version,
             locked.places IS NULL OR locked.places >= row_number() OVER (
               PARTITION BY locked.chain_id ORDER BY due.priority DESC, due.execution_order) AS admitted
        FROM due JOIN locked USING (chain_id)
    ), chains AS (
      UPDATE task_chains c
         SET version = c.version + 1, updated_at = now(),
             admitted_tasks = c.admitted_tasks
               + (SELECT count(*) FROM ranked WHERE ranked.chain_id = c.chain_id AND ranked.admitted)
       WHERE c.chain_id = ANY (ARRAY(SELECT chain_id FROM locked))
    )
    UPDATE chain_tasks t
       SET status = 'READY', hold = CASE WHEN NOT ranked.admitted THEN 'MAX_PARALLEL' END, next_attempt_at = NULL,
           ready_at = ${COUNTED_NOW}, changed_version = ranked.version, updated_at = now()
      FROM ranked
     WHERE t.id = ANY (ARRAY(SELECT id FROM ranked)) AND t.id = ranked.id
    RETURNING t.id`,
};
