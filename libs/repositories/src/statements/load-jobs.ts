import type { Statement } from '../database.js';

/** $1 task ids (row ids) -> what their jobs carry: parameters and where their inputs come from. */
export const loadJobs: Statement = {
  name: 'load-jobs',
  text: `
    SELECT t.id, t.chain_id, t.execution_order, t.task_id, t.task_request_id, t.task_type, t.priority,
           t.predecessors, t.referenced, t.timeout_seconds, t.conditions, r.params
      FROM (SELECT * FROM chain_tasks WHERE id = ANY ($1::bigint[]) OFFSET 0) AS t
     CROSS JOIN LATERAL (SELECT params FROM task_requests WHERE task_request_id = t.task_request_id OFFSET 0) AS r`,
};

/** $1 chain ids, $2 positions (pairwise) -> the tasks' results. */
export const loadResults: Statement = {
  name: 'load-results',
  text: `
    SELECT t.chain_id, t.execution_order, t.task_id, t.status, t.result
      FROM unnest($1::text[], $2::int[]) AS wanted(chain_id, execution_order)
     CROSS JOIN LATERAL (
       SELECT * FROM chain_tasks
        WHERE chain_id = wanted.chain_id AND execution_order = wanted.execution_order OFFSET 0) AS t`,
};

/** $1 chain ids -> what conditions may know of the chains. */
export const chainFacts: Statement = {
  name: 'chain-facts',
  text: `SELECT chain_id, chain_name, chain_type, metadata FROM task_chains WHERE chain_id = ANY ($1::text[])`,
};
