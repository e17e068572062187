import type { Statement } from '../pool.js';
import { COUNTED_NOW } from './clock.js';

// SQL: on the path of every task; it shares rows by SKIP LOCKED and takes turns between tenants.

const READY = `t.status = 'READY' AND t.hold IS NULL AND t.concurrency_key IS NULL`;

/**
 * Tenants of which READY tasks wait, for each of the types of a relation `room(task_type, …)`: a look into the index for
 * each, however many tasks wait.
 */
export const WAITING_TENANTS = `
    waiting AS (
      SELECT room.task_type, first.tenant_id
        FROM room CROSS JOIN LATERAL (
          SELECT t.tenant_id FROM chain_tasks t WHERE ${READY} AND t.task_type = room.task_type
           ORDER BY t.tenant_id LIMIT 1) AS first
       UNION ALL
      SELECT waiting.task_type, next.tenant_id
        FROM waiting CROSS JOIN LATERAL (
          SELECT t.tenant_id FROM chain_tasks t
           WHERE ${READY} AND t.task_type = waiting.task_type AND t.tenant_id > waiting.tenant_id
           ORDER BY t.tenant_id LIMIT 1) AS next
    )`;

/**
 * The end of a claim: the locked rows of `candidate` (id, chain_id) become QUEUED if their chain runs and is not locked.
 * $3 lease in ms. `ofChain`: what else is set of the chains.
 */
export const claim = (ofChain = ''): string => `
    locked AS MATERIALIZED (
      SELECT c.chain_id FROM task_chains c
       WHERE c.chain_id = ANY (ARRAY(SELECT DISTINCT chain_id FROM candidate)::text[]) AND (c.status = 'RUNNING') IS TRUE -- by its id, not among all that run
       ORDER BY c.chain_id
         FOR NO KEY UPDATE SKIP LOCKED
    ), chains AS (
      UPDATE task_chains c SET version = c.version + 1, updated_at = now()${ofChain}
       WHERE c.chain_id = ANY (ARRAY(SELECT chain_id FROM locked))
      RETURNING c.chain_id, c.version
    )
    UPDATE chain_tasks t
       SET status = 'QUEUED', attempt = t.attempt + 1, run_id = NULL, worker_id = NULL, queued_at = now(),
           first_queued_at = coalesce(t.first_queued_at, ${COUNTED_NOW}), started_at = NULL, progress = 0, progress_stage = NULL,
           lease_until = ${COUNTED_NOW} + $3::float8 * interval '1 ms',
           job_id = t.task_request_id || '.' || (t.attempt + 1), changed_version = chains.version, updated_at = now()
      FROM candidate JOIN chains USING (chain_id)
     WHERE t.id = ANY (ARRAY(SELECT id FROM candidate)) AND t.id = candidate.id`;

/**
 * Takes READY tasks of RUNNING chains, those that are neither held nor of a concurrency group, into QUEUED, as many of each type as there is room for.
 * The same move as `dispatch()` of chain-domain, in one statement: dispatchers of several listeners share the work by
 * SKIP LOCKED, and the chain's version is raised so that no decision made before is stored over it. It never waits.
 *
 * A tenant's most urgent tasks go first. Tenants that wait for the same type take turns: each slot goes to the one with
 * the fewest tasks at the workers, by its weight. A tenant's first task never queues behind another tenant's backlog.
 *
 * $1 task types, $2 room for each, $3 lease in ms -> the claimed tasks, with the tenants of which tasks of the type waited.
 */
export const claimReady: Statement = {
  name: 'claim-ready',
  text: `
    WITH RECURSIVE room AS MATERIALIZED (
      SELECT * FROM unnest($1::text[], $2::int[]) AS room(task_type, places)
    ), ${WAITING_TENANTS}, type AS MATERIALIZED (
      SELECT waiting.task_type, min(room.places) AS places, array_agg(waiting.tenant_id::text) AS tenants
        FROM waiting JOIN room USING (task_type) GROUP BY waiting.task_type
    ), share AS MATERIALIZED (
      SELECT task_type, tenants[1] AS tenant_id, places FROM type WHERE cardinality(tenants) = 1
       UNION ALL
      SELECT task_type, tenant_id, count(*)
        FROM (SELECT type.task_type, of.tenant_id, type.places,
                     row_number() OVER (PARTITION BY type.task_type
                                        ORDER BY (at_work.tasks + turn)::float8 / weights.weight, turn, of.tenant_id) AS place
                FROM type
               CROSS JOIN LATERAL unnest(type.tenants) AS of(tenant_id)
               CROSS JOIN LATERAL (
                 SELECT coalesce((SELECT weight FROM tenants WHERE tenants.tenant_id = of.tenant_id), 1) AS weight) AS weights
               CROSS JOIN LATERAL (
                 -- A filter leaves the plan as it is. A task at sites takes no slot of a worker.
                 SELECT count(*) FILTER (WHERE NOT EXISTS (SELECT FROM node_offers o
                          WHERE o.task_request_id = t.task_request_id AND o.attempt = t.attempt AND o.ended_at IS NULL)) AS tasks
                   FROM chain_tasks t
                  WHERE t.status IN ('QUEUED', 'RUNNING') AND t.task_type = type.task_type AND t.tenant_id = of.tenant_id) AS at_work
               CROSS JOIN LATERAL (
                 SELECT row_number() OVER () AS turn FROM (
                   SELECT FROM chain_tasks t
                    WHERE ${READY} AND t.task_type = type.task_type AND t.tenant_id = of.tenant_id LIMIT type.places) AS waits) AS turns
               WHERE cardinality(type.tenants) > 1) AS turns
       WHERE place <= places GROUP BY task_type, tenant_id
    ), candidate AS MATERIALIZED (
      SELECT ready.id, ready.chain_id
        FROM share
       CROSS JOIN LATERAL (
         SELECT t.id, t.chain_id
           FROM chain_tasks t
          WHERE ${READY} AND t.task_type = share.task_type AND t.tenant_id = share.tenant_id
          ORDER BY t.priority DESC, t.id
          LIMIT share.places
            FOR UPDATE SKIP LOCKED) AS ready
    ), ${claim()}
    RETURNING t.id, t.chain_id, t.execution_order, t.task_id, t.task_request_id, t.task_type, t.attempt, t.priority,
              (SELECT tenants FROM type WHERE type.task_type = t.task_type) AS tenants`,
};
