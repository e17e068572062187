import type { Statement } from '../database.js';

/**
 * RETRYING tasks of RUNNING chains whose backoff is over become READY: admitted, or held where their chain limits how
 * many may go at once (`AdmitHeld` lets those in that have room). $1 at most so many -> chain ids, and whether the
 * chain has such a limit. Never waits (SKIP LOCKED).
 */
export const promoteDue: Statement = {
  name: 'promote-due',
  text: `
    WITH due AS MATERIALIZED (
      SELECT t.id, t.chain_id
        FROM chain_tasks t
       WHERE t.status = 'RETRYING' AND t.next_attempt_at <= clock_timestamp()
         AND EXISTS (SELECT FROM task_chains c WHERE c.chain_id = t.chain_id AND c.status = 'RUNNING')
       ORDER BY t.next_attempt_at LIMIT $1
         FOR UPDATE SKIP LOCKED
    ), locked AS MATERIALIZED (
      SELECT c.id FROM task_chains c
       WHERE c.chain_id = ANY (ARRAY(SELECT DISTINCT chain_id FROM due)::text[]) AND c.status = 'RUNNING'
       ORDER BY c.id
         FOR NO KEY UPDATE SKIP LOCKED
    ), chains AS (
      UPDATE task_chains c
         SET version = c.version + 1, updated_at = now(),
             admitted_tasks = c.admitted_tasks + CASE WHEN c.max_parallel IS NULL
               THEN (SELECT count(*) FROM due WHERE due.chain_id = c.chain_id) ELSE 0 END
        FROM locked WHERE c.id = locked.id
      RETURNING c.chain_id, c.version, c.max_parallel IS NOT NULL AS limited
    )
    UPDATE chain_tasks t
       SET status = 'READY', hold = CASE WHEN chains.limited THEN 'MAX_PARALLEL' END, next_attempt_at = NULL,
           ready_at = now(), changed_version = chains.version, updated_at = now()
      FROM due JOIN chains USING (chain_id)
     WHERE t.id = due.id
    RETURNING t.chain_id, chains.limited`,
};
