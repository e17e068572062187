import type { Statement } from '../pool.js';

// SQL: on the path of every job; it stops at a number of bytes.

/**
 * $1 task ids (row ids), $2 bytes of parameters as they are stored (to measure them otherwise is to read them), but
 * for the first -> what their jobs carry: parameters and where their inputs come from; of the tasks beyond that nothing.
 */
export const loadJobs: Statement = {
  name: 'load-jobs',
  text: `
    SELECT id, chain_id, tenant_id, execution_order, task_id, task_request_id, task_type, priority, predecessors, referenced,
           timeout_seconds, conditions, params, traceparent, consent, handed
      FROM (
        SELECT t.*, r.params, r.traceparent, r.consent, r.handed, row_number() OVER in_order AS place,
               sum(pg_column_size(r.params)) OVER in_order AS bytes
          FROM (SELECT * FROM chain_tasks WHERE id = ANY ($1::bigint[]) OFFSET 0) AS t
         CROSS JOIN LATERAL (SELECT params, metadata ->> 'traceparent' AS traceparent, metadata -> 'consent' AS consent, metadata -> 'handed' AS handed
                               FROM task_requests WHERE task_request_id = t.task_request_id OFFSET 0) AS r
        WINDOW in_order AS (ORDER BY t.id ROWS UNBOUNDED PRECEDING)) AS job
     WHERE place = 1 OR bytes <= $2`,
};

/** $1 task ids (row ids) -> the bytes of their parents' results as text. */
export const inputBytes: Statement = {
  name: 'input-bytes',
  text: `
    SELECT t.id, sum(octet_length(parent.result::text)) AS bytes
      FROM (SELECT id, chain_id, predecessors FROM chain_tasks WHERE id = ANY ($1::bigint[]) OFFSET 0) AS t
     CROSS JOIN LATERAL unnest(t.predecessors) AS position
     CROSS JOIN LATERAL (
       SELECT result FROM chain_tasks WHERE chain_id = t.chain_id AND execution_order = position OFFSET 0) AS parent
     GROUP BY t.id`,
};

/** $1 chain ids, $2 positions, $3 whether the results of single parties are wanted (pairwise) -> the tasks' results. */
export const loadResults: Statement = {
  name: 'load-results',
  text: `
    SELECT t.chain_id, t.execution_order, t.task_id, t.status, t.run_id, t.result,
           CASE WHEN wanted.of_parties THEN t.party_results END AS party_results
      FROM unnest($1::text[], $2::int[], $3::boolean[]) AS wanted(chain_id, execution_order, of_parties)
     CROSS JOIN LATERAL (
       SELECT * FROM chain_tasks
        WHERE chain_id = wanted.chain_id AND execution_order = wanted.execution_order OFFSET 0) AS t`,
};

/** $1 chain ids -> what conditions may know of the chains. */
export const chainFacts: Statement = {
  name: 'chain-facts',
  text: `SELECT chain_id, chain_name, chain_type, metadata FROM task_chains WHERE chain_id = ANY ($1::text[])`,
};
