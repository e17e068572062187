import type { Statement } from '../pool.js';
import { COUNTED_NOW } from './clock.js';

// SQL: on the path of every report; a compare-and-set over six tables in one commit.

/** Keeps the batch's rows whose chain was stored: one hash lookup per row, whatever the planner assumes. */
const STORED = '(i.chain_id IN (SELECT chain_id FROM stored)) IS TRUE';

/**
 * Stores decisions: chains, tasks, attempts, events, artifacts and outbox rows in one statement and one commit.
 *
 * Each chain is a compare-and-set on its `version`: where another process was faster, nothing of that chain is
 * written and it is missing from the answer, so that the caller decides it again. Since every change of a status
 * raises its chain's version, a decision is stored only on the state it was made from. No lock outlives the
 * statement, so a stopped process blocks no other. The chains come in the order of their ids and are locked in it:
 * no deadlock. In a transaction that stores a chain and then its parent two may meet; PostgreSQL ends one, and the chain is stored alone.
 *
 * A task marked `lost` is checked again here: a lease that was renewed in the meantime holds its chain's save back.
 *
 * `= ANY (ARRAY(…))` makes the planner look the rows up, however small it believes the tables to be; joins of
 * the batch's own rows are left to hashes. Both were once nested loops over all rows. `BETWEEN` says nothing new: it makes
 * a nested loop dearer than a hash where the planner expects one row, as it may between a VACUUM and its ANALYZE.
 *
 * $1 chains, in the order of their ids, $2 tasks, $3 events, $4 attempts, $5 artifacts, $6 outbox, as JSON arrays; $7
 * and $8 the leases of queued and running tasks in milliseconds -> the chain ids that were stored.
 */
export const saveDecisions: Statement = {
  name: 'save-decisions',
  text: `
    WITH chain_in AS MATERIALIZED (
      SELECT * FROM json_to_recordset($1::json) AS i(
        chain_id text, version bigint, changed boolean, status text, epoch int, completed int, failed int, skipped int,
        cancelled int, tolerated int, admitted int, started boolean, ended boolean, open boolean, deadline_ms float8,
        time_left_ms float8, error jsonb, ended_by text)
    ), task_in AS MATERIALIZED (
      SELECT * FROM json_to_recordset($2::json) AS i(
        id bigint, chain_id text, version bigint, priority int, hold text, first_queued_ms float8, status text, attempt int, run_id text, worker_id text, failures int, losses int,
        pending int, succeeded int, failed int, skipped int, skip_reason text, next_attempt_ms float8, approved_attempt int, error jsonb,
        result jsonb, party_results jsonb, awaits jsonb, dispatched boolean, lost boolean, ended boolean, elapsed_ms float8, job_id text)
    ), renewed AS MATERIALIZED (
      SELECT t.chain_id FROM chain_tasks t
       WHERE t.id = ANY (ARRAY(SELECT id FROM task_in WHERE lost)) AND t.lease_until > ${COUNTED_NOW}
    ), chains AS (
      UPDATE task_chains c
         SET version = c.version + 1, status = i.status, epoch = i.epoch, completed_tasks = i.completed,
             failed_tasks = i.failed, skipped_tasks = i.skipped, cancelled_tasks = i.cancelled, error = i.error, ended_by = i.ended_by,
             tolerated_tasks = i.tolerated, admitted_tasks = i.admitted, time_left_ms = i.time_left_ms,
             deadline_at = to_timestamp(i.deadline_ms / 1000), updated_at = now(),
             started_at = CASE WHEN i.started THEN now() ELSE c.started_at END,
             execution_id = CASE WHEN i.started THEN replace(c.chain_id, 'chain-', 'execution-') ELSE c.execution_id END,
             concurrency_held = c.concurrency_held AND i.ended IS NOT TRUE,
             completed_at = CASE WHEN i.ended THEN now() WHEN i.open THEN NULL ELSE c.completed_at END
        FROM chain_in i
       WHERE c.chain_id = ANY (ARRAY(SELECT chain_id FROM chain_in)) AND c.chain_id = i.chain_id
         AND c.version = i.version AND i.changed
         AND (i.chain_id IN (SELECT chain_id FROM renewed)) IS NOT TRUE
      RETURNING c.chain_id
    ), stored AS MATERIALIZED (
      SELECT chain_id FROM chains
       UNION ALL
      SELECT i.chain_id FROM chain_in i
       WHERE NOT i.changed AND (SELECT c.version FROM task_chains c WHERE c.chain_id = i.chain_id) = i.version
    ), tasks AS (
      UPDATE chain_tasks t
         SET status = i.status, attempt = i.attempt, run_id = i.run_id, priority = i.priority, hold = i.hold,
             ready_at = CASE WHEN i.status = 'READY' AND (t.status <> 'READY' OR i.hold IS DISTINCT FROM t.hold) THEN ${COUNTED_NOW}
                             WHEN i.dispatched AND t.status <> 'READY' THEN ${COUNTED_NOW}
                             ELSE t.ready_at END,
             first_queued_at = to_timestamp(i.first_queued_ms / 1000),
             worker_id = CASE WHEN i.dispatched THEN NULL ELSE coalesce(i.worker_id, t.worker_id) END,
             failures = i.failures, losses = i.losses, pending_dependencies = i.pending,
             succeeded_dependencies = i.succeeded, failed_dependencies = i.failed, skipped_dependencies = i.skipped,
             skip_reason = i.skip_reason, next_attempt_at = to_timestamp(i.next_attempt_ms / 1000),
             approved_attempt = i.approved_attempt, error = i.error,
             result = CASE WHEN i.status = 'SUCCESS' THEN coalesce(i.result, t.result) END,
             party_results = CASE WHEN i.status = 'SUCCESS' THEN coalesce(i.party_results, t.party_results) END, job_id = coalesce(i.job_id, t.job_id),
             awaits = CASE WHEN i.hold IN ('SIGNAL', 'SIGN_OFF') THEN coalesce(i.awaits, t.awaits) END,
             queued_at = CASE WHEN i.dispatched THEN now() ELSE t.queued_at END,
             lease_until = CASE i.status WHEN 'QUEUED' THEN ${COUNTED_NOW} + $7::float8 * interval '1 ms'
                                         WHEN 'RUNNING' THEN ${COUNTED_NOW} + $8::float8 * interval '1 ms' END,
             run_until = CASE WHEN i.status <> 'RUNNING' THEN NULL
                              WHEN i.elapsed_ms IS NOT NULL THEN ${COUNTED_NOW} + t.timeout_seconds * interval '1 s' - i.elapsed_ms * interval '1 ms'
                              ELSE t.run_until END,
             started_at = CASE WHEN i.dispatched OR i.status = 'PENDING' THEN NULL
                               WHEN i.elapsed_ms IS NOT NULL THEN now() - i.elapsed_ms * interval '1 ms'
                               ELSE t.started_at END,
             completed_at = CASE WHEN i.ended THEN coalesce(t.completed_at, now()) END,
             progress = CASE WHEN i.status = 'SUCCESS' THEN 1 WHEN i.dispatched OR i.status = 'PENDING' THEN 0 ELSE t.progress END,
             progress_stage = CASE WHEN i.dispatched THEN NULL ELSE t.progress_stage END,
             changed_version = i.version + 1, updated_at = now()
        FROM task_in i
       WHERE t.id = ANY (ARRAY(SELECT id FROM task_in)) AND t.id = i.id AND t.id BETWEEN i.id AND i.id AND ${STORED}
    ), events AS (
      INSERT INTO chain_events (chain_id, tenant_id, task_id, kind, disposition, attempt, run_id, chain_version, data)
      SELECT i.chain_id, i.tenant_id, i.task_id, i.kind, i.disposition, i.attempt, i.run_id, i.version + 1, coalesce(i.data, '{}')
        FROM json_to_recordset($3::json) AS i(
          chain_id text, tenant_id text, version bigint, task_id text, kind text, disposition text, attempt int, run_id text, data jsonb)
       WHERE ${STORED}
    ), attempts AS (
      INSERT INTO task_attempts (tenant_id, task_request_id, attempt, run_id, worker_id, queued_at, started_at, outcome, error)
      SELECT t.tenant_id, t.task_request_id, i.attempt, i.run_id, coalesce(i.worker_id, t.worker_id), t.queued_at,
             CASE WHEN i.elapsed_ms IS NULL THEN t.started_at ELSE now() - i.elapsed_ms * interval '1 ms' END,
             i.outcome, i.error
        FROM json_to_recordset($4::json) AS i(
          id bigint, chain_id text, attempt int, run_id text, worker_id text, elapsed_ms float8, outcome text, error jsonb)
       CROSS JOIN LATERAL (SELECT * FROM chain_tasks WHERE id = i.id OFFSET 0) AS t
       WHERE ${STORED}
      ON CONFLICT DO NOTHING
    ), artifacts AS (
      INSERT INTO artifacts (chain_id, tenant_id, task_id, name, media_type, size_bytes, sha256)
      SELECT i.chain_id, i.tenant_id, i.task_id, i.name, i.media_type, i.size_bytes, i.sha256
        FROM json_to_recordset($5::json) AS i(
          chain_id text, tenant_id text, task_id text, name text, media_type text, size_bytes bigint, sha256 text)
       WHERE ${STORED}
      ON CONFLICT (chain_id, task_id, name) DO UPDATE
        SET media_type = excluded.media_type, size_bytes = excluded.size_bytes, sha256 = excluded.sha256, created_at = now()
    ), outbox AS (
      INSERT INTO outbox (tenant_id, kind, payload)
      SELECT i.tenant_id, i.kind, i.payload
        FROM json_to_recordset($6::json) AS i(chain_id text, tenant_id text, kind text, payload jsonb)
       WHERE ${STORED}
    )
    SELECT chain_id FROM stored`,
};
