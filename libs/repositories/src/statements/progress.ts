import type { Statement } from '../database.js';

/** $1 JSON [{task_request_id, attempt, progress, stage}]: shown only, so it raises no version. */
export const saveProgress: Statement = {
  name: 'save-progress',
  text: `
    UPDATE chain_tasks t SET progress = i.progress, progress_stage = left(i.stage, 128)
      FROM json_to_recordset($1::json) AS i(task_request_id text, attempt int, progress float8, stage text)
     WHERE t.task_request_id = i.task_request_id AND t.attempt = i.attempt AND t.status IN ('QUEUED', 'RUNNING')`,
};

/** $1 JSON [{task_request_id, attempt, at_ms, level, message}]; lines of unknown tasks are dropped. */
export const saveLogs: Statement = {
  name: 'save-logs',
  text: `
    INSERT INTO task_logs (task_request_id, attempt, logged_at, level, message)
    SELECT i.task_request_id, i.attempt, to_timestamp(i.at_ms / 1000), i.level, i.message
      FROM json_to_recordset($1::json) AS i(task_request_id text, attempt int, at_ms float8, level text, message text)
      JOIN task_requests r USING (task_request_id)`,
};
