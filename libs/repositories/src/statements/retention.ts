import type { Statement } from '../pool.js';

// SQL: a deletion and its entry for the audit log are one statement, in batches.

/** Tasks that one statement removes, and those of one chain more: within the statement's time-out however large the chains. */
const DELETE_TASKS = 5_000;

/**
 * Removes finished chains with all that hangs on them, and webhook deliveries of the same age. $1 older than so many
 * seconds, $2 at most so many -> their chain ids, which also stand in an outbox row: their artifacts are still there. Each gets an
 * entry in the audit log.
 * Small batches: each is one short transaction.
 */
export const deleteFinished: Statement = {
  name: 'delete-finished',
  text: `
    WITH found AS MATERIALIZED (
      SELECT chain_id, tenant_id, total_tasks, completed_at FROM task_chains
       WHERE completed_at < now() - $1::float8 * interval '1 s'
         AND status IN ('SUCCESS', 'FAILURE', 'CANCELLED')
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

/** Webhooks that were removed a day ago, with their deliveries, and an entry for the audit log. */
export const forgetWebhooks: Statement = {
  name: 'forget-webhooks',
  text: `
    WITH gone AS (
      DELETE FROM webhooks WHERE deleted_at <= now() - interval '1 day' RETURNING tenant_id, webhook_id, url
    )
    INSERT INTO outbox (tenant_id, kind, payload)
    SELECT tenant_id, 'AUDIT', jsonb_build_object(
             'actor', 'retention', 'address', '-', 'request_id', '-', 'action', 'removeWebhook', 'target', webhook_id,
             'details', jsonb_build_object('url', url))
      FROM gone`,
};

/** Templates that were deleted a day ago, with their versions, and an entry for the audit log. */
export const forgetTemplates: Statement = {
  name: 'forget-templates',
  text: `
    WITH gone AS (
      DELETE FROM templates WHERE deleted_at <= now() - interval '1 day' RETURNING tenant_id, template_id, title
    )
    INSERT INTO outbox (tenant_id, kind, payload)
    SELECT tenant_id, 'AUDIT', jsonb_build_object(
             'actor', 'retention', 'address', '-', 'request_id', '-', 'action', 'removeTemplate', 'target', template_id,
             'details', jsonb_build_object('title', title))
      FROM gone`,
};

/** Schedules that were deleted a day ago, with their ticks, and an entry for the audit log. */
export const forgetSchedules: Statement = {
  name: 'forget-schedules',
  text: `
    WITH gone AS (
      DELETE FROM schedules WHERE deleted_at <= now() - interval '1 day' RETURNING tenant_id, schedule_id, title
    )
    INSERT INTO outbox (tenant_id, kind, payload)
    SELECT tenant_id, 'AUDIT', jsonb_build_object(
             'actor', 'retention', 'address', '-', 'request_id', '-', 'action', 'removeSchedule', 'target', schedule_id,
             'details', jsonb_build_object('title', title))
      FROM gone`,
};

/** Secrets that were removed a day ago, and an entry for the audit log. */
export const forgetSecrets: Statement = {
  name: 'forget-secrets',
  text: `
    WITH gone AS (
      DELETE FROM secrets WHERE deleted_at <= now() - interval '1 day' RETURNING tenant_id, name
    )
    INSERT INTO outbox (tenant_id, kind, payload)
    SELECT tenant_id, 'AUDIT', jsonb_build_object(
             'actor', 'retention', 'address', '-', 'request_id', '-', 'action', 'removeSecret', 'target', name,
             'details', '{}'::jsonb)
      FROM gone`,
};
