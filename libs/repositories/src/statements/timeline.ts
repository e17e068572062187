import type { Statement } from '../pool.js';

// SQL: attempts are raised in bulk, under a lock.

/** -> the marks of the queue that this database knows, none at first. */
export const loadTimeline: Statement = {
  name: 'load-timeline',
  text: `SELECT mark, mark_before FROM queue_timeline`,
};

/** $1 the first mark of all; that of whoever is first. */
export const beginTimeline: Statement = {
  name: 'begin-timeline',
  text: `INSERT INTO queue_timeline (mark, mark_before) VALUES ($1, $1) ON CONFLICT DO NOTHING`,
};

/** $1 the new marker, $2 the one that the queue has until then. */
export const saveTimeline: Statement = {
  name: 'save-timeline',
  text: `
    INSERT INTO queue_timeline (mark, mark_before) VALUES ($1, $2)
    ON CONFLICT (only_row) DO UPDATE SET mark = excluded.mark, mark_before = excluded.mark_before`,
};

/**
 * Raises the attempt of each task that has not ended, in open chains, by $3. Keyset: $1 last id, $2 chains at once ->
 * the last id, null at the end. What was sent before then is of an attempt that is over. The child of a task belongs to its attempt, and
 * no queue knows that.
 */
export const raiseAttempts: Statement = {
  name: 'raise-attempts',
  text: `
    WITH page AS MATERIALIZED (
      SELECT id, chain_id FROM task_chains
       WHERE status IN ('PENDING','RUNNING','PAUSED') AND id > $1 ORDER BY id LIMIT $2 FOR NO KEY UPDATE
    ), chains AS (
      UPDATE task_chains c SET version = c.version + 1, updated_at = now()
       WHERE c.id = ANY (ARRAY(SELECT id FROM page)) RETURNING c.chain_id, c.version
    ), tasks AS (
      UPDATE chain_tasks t
         SET attempt = t.attempt + $3::int, changed_version = chains.version, updated_at = now(),
             job_id = CASE WHEN t.job_id IS NOT NULL THEN t.task_request_id || '.' || (t.attempt + $3::int) END
        FROM chains
       WHERE t.chain_id = chains.chain_id AND t.status IN ('PENDING','READY','QUEUED','RUNNING','RETRYING')
         AND t.hold IS DISTINCT FROM 'CHILD'
    )
    SELECT max(id) AS last_id FROM page`,
};

/** $1 JSON [{chain_id, task_id, data}]: reports that this database knows nothing of. */
export const saveUnknownReports: Statement = {
  name: 'save-unknown-reports',
  text: `
    INSERT INTO repairs (kind, chain_id, task_id, data)
    SELECT 'report-quarantined', left(i.chain_id, 64), left(i.task_id, 64), i.data
      FROM json_to_recordset($1::json) AS i(chain_id text, task_id text, data jsonb)`,
};
