import type { Statement } from '../pool.js';

/**
 * Open chains that break an invariant: counters that are not a recount (I4), or RUNNING with nothing that will move
 * them (I5). One statement sees one moment, and every save is one statement: what it finds is no half-done change.
 * Keyset: $1 last id, $2 chains looked at, at most -> the last id looked at, and the offenders among them.
 */
export const openOffenders: Statement = {
  name: 'open-offenders',
  text: `
    WITH open AS MATERIALIZED (
      SELECT * FROM task_chains WHERE status IN ('PENDING','RUNNING','PAUSED')
    ), page AS MATERIALIZED (
      SELECT * FROM open WHERE id > $1 ORDER BY id LIMIT $2
    ), offenders AS (
      SELECT page.chain_id,
             CASE WHEN (completed_tasks, failed_tasks, skipped_tasks, cancelled_tasks, tolerated_tasks, admitted_tasks)
                    <> (r.completed, r.failed, r.skipped, r.cancelled, r.tolerated, r.admitted)
                  THEN 'invariant-counters' ELSE 'invariant-stuck' END AS kind
        FROM page CROSS JOIN LATERAL (
          SELECT count(*) FILTER (WHERE t.status = 'SUCCESS') AS completed,
                 count(*) FILTER (WHERE t.status = 'FAILURE') AS failed,
                 count(*) FILTER (WHERE t.status = 'SKIPPED') AS skipped,
                 count(*) FILTER (WHERE t.status = 'CANCELLED') AS cancelled,
                 count(*) FILTER (WHERE t.status = 'FAILURE' AND t.tolerable) AS tolerated,
                 count(*) FILTER (WHERE t.status IN ('QUEUED','RUNNING') OR (t.status = 'READY' AND t.hold IS NULL)) AS admitted,
                 count(*) FILTER (WHERE t.status = 'RETRYING' AND t.next_attempt_at IS NOT NULL) AS due
            FROM chain_tasks t WHERE t.chain_id = page.chain_id) AS r
       WHERE (completed_tasks, failed_tasks, skipped_tasks, cancelled_tasks, tolerated_tasks, admitted_tasks)
          <> (r.completed, r.failed, r.skipped, r.cancelled, r.tolerated, r.admitted)
          OR (page.status = 'RUNNING' AND r.admitted = 0 AND r.due = 0)
    )
    SELECT (SELECT max(id) FROM page) AS last_id,
           coalesce((SELECT json_agg(offenders) FROM offenders), '[]') AS offenders`,
};

/**
 * Ended chains with tasks that live on: those in flight, and the READY and RETRYING ones that a dispatcher meets first
 * and would pass over for ever. $1 how many of each are looked at.
 */
export const endedOffenders: Statement = {
  name: 'ended-offenders',
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
