import type { Statement } from '../pool.js';

// SQL: a deletion and its entry for the audit log are one statement, in batches.

/** Tasks that one statement removes, and those of one chain more: within the statement's time-out however large the chains. */
const DELETE_TASKS = 5_000;

/**
 * Removes finished chains with all that hangs on them, and webhook deliveries of the same age. $1 older than so many
 * seconds, $2 at most so many -> their chain ids, which also stand in an outbox row: their artifacts are still there. Each gets an
 * entry in the audit log. A chain that another one ran stays as long as that: a retry there may go on from it, and read its artifacts.
 * Small batches: each is one short transaction.
 */
export const deleteFinished: Statement = {
  name: 'delete-finished',
  text: `
    WITH found AS MATERIALIZED (
      SELECT chain_id, tenant_id, total_tasks, completed_at FROM task_chains
       WHERE completed_at < now() - $1::float8 * interval '1 s'
         AND status IN ('SUCCESS', 'FAILURE', 'CANCELLED')
         AND NOT EXISTS (SELECT FROM task_chains parent WHERE parent.chain_id = task_chains.parent_chain_id)
       ORDER BY completed_at LIMIT $2
         FOR UPDATE SKIP LOCKED
    ), old AS MATERIALIZED (
      SELECT chain_id, tenant_id, completed_at
        FROM (SELECT chain_id, tenant_id, completed_at, sum(total_tasks) OVER (ORDER BY completed_at, chain_id) - total_tasks AS before
                FROM found) AS running
       WHERE before < ${DELETE_TASKS}
    ), requests AS (
      DELETE FROM task_requests r USING old JOIN chain_tasks t USING (chain_id)
       WHERE r.task_request_id = t.task_request_id
    ), edges AS (
      DELETE FROM chain_dependencies WHERE chain_id = ANY (ARRAY(SELECT chain_id FROM old))
    ), deliveries AS (
      DELETE FROM webhook_deliveries WHERE id IN (
        SELECT id FROM webhook_deliveries
         WHERE status <> 'PENDING' AND created_at < now() - $1::float8 * interval '1 s' LIMIT $2)
    ), audited AS (
      INSERT INTO outbox (tenant_id, kind, payload)
      SELECT tenant_id, 'AUDIT', jsonb_build_object(
               'actor', 'retention', 'address', '-', 'request_id', '-', 'action', 'removeChain', 'target', chain_id,
               'details', jsonb_build_object('completed_at', completed_at))
        FROM old
    ), artifacts AS (
      INSERT INTO outbox (tenant_id, kind, payload)
      SELECT tenant_id, 'REMOVE_ARTIFACTS', jsonb_build_object('chain_ids', jsonb_agg(chain_id)) FROM old GROUP BY tenant_id
    )
    DELETE FROM task_chains c USING old WHERE c.chain_id = old.chain_id RETURNING c.chain_id`,
};

/** Idempotency keys older than $1 seconds, $2 at most. */
export const deleteOldKeys: Statement = {
  name: 'delete-old-keys',
  text: `
    DELETE FROM idempotency_keys WHERE (tenant_id, scope, idempotency_key) IN (
      SELECT tenant_id, scope, idempotency_key FROM idempotency_keys
       WHERE created_at < now() - $1::float8 * interval '1 s' ORDER BY created_at LIMIT $2)
    RETURNING scope`,
};

/** Deletes what was removed a day ago, with an entry for the audit log: `id` names it there, and `shown` is kept in the details. */
const forget = (table: string, id: string, action: string, shown?: string): Statement => ({
  name: `forget-${table}`,
  text: `
    WITH gone AS (
      DELETE FROM ${table} WHERE deleted_at <= now() - interval '1 day' RETURNING *
    )
    INSERT INTO outbox (tenant_id, kind, payload)
    SELECT tenant_id, 'AUDIT', jsonb_build_object(
             'actor', 'retention', 'address', '-', 'request_id', '-', 'action', '${action}', 'target', ${id},
             'details', ${shown === undefined ? `'{}'::jsonb` : `jsonb_build_object('${shown}', ${shown})`})
      FROM gone`,
});

/** With their deliveries. */
export const forgetWebhooks = forget('webhooks', 'webhook_id', 'removeWebhook', 'url');
/** With their versions. */
export const forgetTemplates = forget('templates', 'template_id', 'removeTemplate', 'title');
/** With their ticks. */
export const forgetSchedules = forget('schedules', 'schedule_id', 'removeSchedule', 'title');
export const forgetSecrets = forget('secrets', 'name', 'removeSecret');
