import type { Statement } from '../pool.js';

// SQL: many rows at once; rows that are being saved are skipped, not waited for.

/**
 * $1 JSON [{task_request_id, attempt, progress, stage}]: shown only, so it raises no version. Never waits: a task that
 * is being saved now keeps the progress it has.
 */
export const saveProgress: Statement = {
  name: 'save-progress',
  text: `
    WITH free AS MATERIALIZED (
      SELECT t.id, i.progress, i.stage
        FROM json_to_recordset($1::json) AS i(task_request_id text, attempt int, progress float8, stage text)
       CROSS JOIN LATERAL (
         SELECT id FROM chain_tasks
          WHERE task_request_id = i.task_request_id AND attempt = i.attempt AND (status IN ('QUEUED', 'RUNNING')) IS TRUE
            FOR NO KEY UPDATE SKIP LOCKED) AS t
    )
    UPDATE chain_tasks t SET progress = free.progress, progress_stage = left(free.stage, 128)
      FROM free WHERE t.id = ANY (ARRAY(SELECT id FROM free)) AND t.id = free.id`,
};

/** $1 JSON [{task_request_id, attempt, at_ms, level, message}]; lines of unknown tasks are dropped. */
export const saveLogs: Statement = {
  name: 'save-logs',
  text: `
    INSERT INTO task_logs (tenant_id, task_request_id, attempt, logged_at, level, message)
    SELECT r.tenant_id, i.task_request_id, i.attempt, to_timestamp(i.at_ms / 1000), i.level, i.message
      FROM json_to_recordset($1::json) AS i(task_request_id text, attempt int, at_ms float8, level text, message text)
     CROSS JOIN LATERAL (
       SELECT tenant_id FROM task_requests WHERE task_request_id = i.task_request_id OFFSET 0) AS r`,
};

/** $1 JSON [{task_request_id, id, party, dataset, opened_at, entry}]: what parties opened. One that is reported twice is stored once. */
export const saveOpenings: Statement = {
  name: 'save-openings',
  text: `
    INSERT INTO openings (tenant_id, id, party, dataset, opened_at, chain_id, task_id, task_type, entry)
    SELECT t.tenant_id, i.id, i.party, i.dataset, i.opened_at, t.chain_id, t.task_id, t.task_type, i.entry
      FROM json_to_recordset($1::json) AS i(
             task_request_id text, id text, party text, dataset text, opened_at timestamptz, entry jsonb)
     CROSS JOIN LATERAL (
       SELECT r.tenant_id, c.chain_id, c.task_id, r.task_type
         FROM task_requests r JOIN chain_tasks c USING (task_request_id)
        WHERE r.task_request_id = i.task_request_id OFFSET 0) AS t
    ON CONFLICT DO NOTHING`,
};
