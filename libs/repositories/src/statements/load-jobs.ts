import type { Statement } from '../database.js';

/** $1 task ids (row ids) -> what their jobs carry: parameters and where their inputs come from. */
export const loadJobs: Statement = {
  name: 'load-jobs',
  text: `
    SELECT t.id, t.chain_id, t.execution_order, t.task_id, t.task_request_id, t.task_type, t.priority,
           t.predecessors, t.referenced, t.timeout_seconds, t.conditions, r.params
      FROM chain_tasks t JOIN task_requests r USING (task_request_id)
     WHERE t.id = ANY ($1::bigint[])`,
};

/** $1 chain ids, $2 positions (pairwise) -> the tasks' results. */
export const loadResults: Statement = {
  name: 'load-results',
  text: `
    SELECT t.chain_id, t.execution_order, t.task_id, t.status, t.result
      FROM unnest($1::text[], $2::int[]) AS wanted(chain_id, execution_order)
      JOIN chain_tasks t USING (chain_id, execution_order)`,
};

/** $1 chain ids -> what conditions may know of the chains. */
export const chainFacts: Statement = {
  name: 'chain-facts',
  text: `SELECT chain_id, chain_name, chain_type, metadata FROM task_chains WHERE chain_id = ANY ($1::text[])`,
};
