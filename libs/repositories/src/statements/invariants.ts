import type { Statement } from '../pool.js';

// SQL: one statement sees one moment, over a page of chains and all their tasks.

/** How a task counts for its successors; the same as `outcomeOf()` of chain-domain. */
const SUCCEEDED = `(t.status = 'SUCCESS' OR (t.status = 'FAILURE' AND t.tolerable))`;
const FAILED = `(t.status = 'CANCELLED' OR (t.status = 'FAILURE' AND NOT t.tolerable)
                 OR (t.status = 'SKIPPED' AND t.skip_reason = 'UPSTREAM_FAILED'))`;
const SKIPPED = `(t.status = 'SKIPPED' AND t.skip_reason <> 'UPSTREAM_FAILED')`;
const PENDING = `t.status NOT IN ('SUCCESS','FAILURE','SKIPPED','CANCELLED')`;

/**
 * Open chains that break an invariant: a task's row is missing, counters differ from a recount (I4), a PENDING task's
 * counts differ from its parents, or the chain is RUNNING and nothing will move it (I5). One statement sees one moment,
 * and every save is one statement: it never finds a half-done change.
 * Keyset: $1 last id, $2 how many chains to look at -> the last id looked at, and the broken chains among them.
 */
export const openBroken: Statement = {
  name: 'open-broken',
  text: `
    WITH open AS MATERIALIZED (
      SELECT * FROM task_chains WHERE status IN ('PENDING','RUNNING','PAUSED')
    ), page AS MATERIALIZED (
      SELECT * FROM open WHERE id > $1 ORDER BY id LIMIT $2
    ), counted AS (
      SELECT page.chain_id,
             CASE WHEN r.tasks <> total_tasks THEN 'invariant-tasks'
                  WHEN (completed_tasks, failed_tasks, skipped_tasks, cancelled_tasks, tolerated_tasks, admitted_tasks)
                    <> (r.completed, r.failed, r.skipped, r.cancelled, r.tolerated, r.admitted) THEN 'invariant-counters'
                  WHEN page.status = 'RUNNING' AND r.admitted = 0 AND r.due = 0 THEN 'invariant-stuck'
                  WHEN parents.wrong > 0 THEN 'invariant-parents' END AS kind
        FROM page CROSS JOIN LATERAL (
          SELECT count(*) AS tasks,
                 count(*) FILTER (WHERE t.status = 'SUCCESS') AS completed,
                 count(*) FILTER (WHERE t.status = 'FAILURE') AS failed,
                 count(*) FILTER (WHERE t.status = 'SKIPPED') AS skipped,
                 count(*) FILTER (WHERE t.status = 'CANCELLED') AS cancelled,
                 count(*) FILTER (WHERE t.status = 'FAILURE' AND t.tolerable) AS tolerated,
                 count(*) FILTER (WHERE t.status IN ('QUEUED','RUNNING') OR (t.status = 'READY' AND t.hold IS NULL)) AS admitted,
                 count(*) FILTER (WHERE t.status = 'RETRYING' AND (t.next_attempt_at IS NOT NULL OR t.hold = 'CHILD')) AS due
            FROM chain_tasks t WHERE t.chain_id = page.chain_id) AS r
       CROSS JOIN LATERAL (
          -- Each parent counts up in its successors, and what a PENDING task has stored counts down: all must be 0.
          SELECT count(*) AS wrong
            FROM (SELECT FROM (
                    SELECT s.position, false AS waits, (${PENDING})::int AS pending, ${SUCCEEDED}::int AS succeeded,
                           ${FAILED}::int AS failed, ${SKIPPED}::int AS skipped
                      FROM chain_tasks t, unnest(t.successors) AS s(position) WHERE t.chain_id = page.chain_id
                     UNION ALL
                    SELECT t.execution_order, true, -t.pending_dependencies, -t.succeeded_dependencies,
                           -t.failed_dependencies, -t.skipped_dependencies
                      FROM chain_tasks t WHERE t.chain_id = page.chain_id AND t.status = 'PENDING'
                  ) AS edge(position, waits, pending, succeeded, failed, skipped)
                   GROUP BY position
                  HAVING bool_or(waits) AND (sum(pending) <> 0 OR sum(succeeded) <> 0 OR sum(failed) <> 0 OR sum(skipped) <> 0)
                 ) AS differs) AS parents
    )
    SELECT (SELECT max(id) FROM page) AS last_id,
           coalesce((SELECT json_agg(counted) FROM counted WHERE kind IS NOT NULL), '[]') AS broken`,
};

/**
 * Ended chains with unfinished tasks: those in flight, and the READY and RETRYING ones that a dispatcher meets first and
 * passes over for ever. $1 how many of each to look at.
 */
export const endedBroken: Statement = {
  name: 'ended-broken',
  text: `
    WITH live AS MATERIALIZED (
      (SELECT chain_id FROM chain_tasks WHERE status IN ('QUEUED','RUNNING') LIMIT $1)
      UNION
      (SELECT chain_id FROM chain_tasks WHERE status = 'READY' AND hold IS NULL AND concurrency_key IS NULL
        ORDER BY task_type, tenant_id, priority DESC, id LIMIT $1)
      UNION
      (SELECT chain_id FROM chain_tasks WHERE status = 'READY' AND hold IS NULL AND concurrency_key IS NOT NULL
        ORDER BY tenant_id, concurrency_key, priority DESC, id LIMIT $1)
      UNION
      (SELECT chain_id FROM chain_tasks WHERE status = 'RETRYING' ORDER BY next_attempt_at LIMIT $1)
    )
    SELECT c.chain_id, 'invariant-live-tasks' AS kind FROM live JOIN task_chains c USING (chain_id)
     WHERE c.status IN ('SUCCESS','FAILURE','CANCELLED')`,
};
