import type { Statement } from '../database.js';

/**
 * Takes READY tasks of RUNNING chains, those that are not held, into QUEUED, the most urgent first, as many of each type as there is room for.
 * The same move as `dispatch()` of chain-domain, in one statement: dispatchers of several listeners share the work by
 * SKIP LOCKED, and the chain's version is raised so that no decision made before is stored over it. It never waits.
 *
 * $1 task types, $2 room for each, $3 lease in ms -> the claimed tasks.
 */
export const claimReady: Statement = {
  name: 'claim-ready',
  text: `
    WITH candidate AS MATERIALIZED (
      SELECT ready.id, ready.chain_id
        FROM unnest($1::text[], $2::int[]) AS room(task_type, places)
       CROSS JOIN LATERAL (
         SELECT t.id, t.chain_id
           FROM chain_tasks t
          WHERE t.status = 'READY' AND t.hold IS NULL AND t.task_type = room.task_type
          ORDER BY t.priority DESC, t.id
          LIMIT room.places
            FOR UPDATE SKIP LOCKED) AS ready
    ), locked AS MATERIALIZED (
      SELECT c.chain_id FROM task_chains c
       WHERE c.chain_id = ANY (ARRAY(SELECT DISTINCT chain_id FROM candidate)::text[]) AND (c.status = 'RUNNING') IS TRUE -- by its id, not among all that run
       ORDER BY c.chain_id
         FOR NO KEY UPDATE SKIP LOCKED
    ), chains AS (
      UPDATE task_chains c SET version = c.version + 1, updated_at = now()
       WHERE c.chain_id = ANY (ARRAY(SELECT chain_id FROM locked))
      RETURNING c.chain_id, c.version
    )
    UPDATE chain_tasks t
       SET status = 'QUEUED', attempt = t.attempt + 1, run_id = NULL, worker_id = NULL, queued_at = now(),
           first_queued_at = coalesce(t.first_queued_at, now()), started_at = NULL, progress = 0, progress_stage = NULL,
           lease_until = now() + $3::float8 * interval '1 ms',
           job_id = t.task_request_id || '.' || (t.attempt + 1), changed_version = chains.version, updated_at = now()
      FROM candidate JOIN chains USING (chain_id)
     WHERE t.id = ANY (ARRAY(SELECT id FROM candidate)) AND t.id = candidate.id
    RETURNING t.id, t.chain_id, t.execution_order, t.task_id, t.task_request_id, t.task_type, t.attempt, t.priority`,
};
