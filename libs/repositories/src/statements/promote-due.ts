import type { Statement } from '../database.js';

/** RETRYING tasks whose backoff is over become READY. $1 at most so many -> how many. Never waits (SKIP LOCKED). */
export const promoteDue: Statement = {
  name: 'promote-due',
  text: `
    WITH due AS MATERIALIZED (
      SELECT id, chain_id FROM chain_tasks
       WHERE status = 'RETRYING' AND next_attempt_at <= clock_timestamp()
       ORDER BY next_attempt_at LIMIT $1
         FOR UPDATE SKIP LOCKED
    ), locked AS MATERIALIZED (
      SELECT c.id FROM task_chains c
       WHERE c.chain_id = ANY (ARRAY(SELECT DISTINCT chain_id FROM due)::text[])
       ORDER BY c.id
         FOR NO KEY UPDATE SKIP LOCKED
    ), chains AS (
      UPDATE task_chains c SET version = c.version + 1, updated_at = now()
        FROM locked WHERE c.id = locked.id
      RETURNING c.chain_id, c.version
    )
    UPDATE chain_tasks t
       SET status = 'READY', next_attempt_at = NULL, changed_version = chains.version, updated_at = now()
      FROM due JOIN chains USING (chain_id)
     WHERE t.id = due.id
    RETURNING t.id`,
};
