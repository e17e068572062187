import type { Statement } from '../pool.js';

// SQL: one statement reads what an ending chain has done, inside the transaction that ends it.

/**
 * $1 chain id -> what the chain that undoes it takes over from it, its plan, and the places of the tasks that the plan undoes and that
 * succeeded, the last ones first.
 */
export const loadCompensation: Statement = {
  name: 'load-compensation',
  text: `
    SELECT c.chain_name, c.created_by, c.by_admin, c.metadata, c.labels, c.approval_timeout_seconds, c.compensation AS plan,
           ARRAY(SELECT t.execution_order FROM chain_tasks t
                  WHERE t.chain_id = c.chain_id AND t.status = 'SUCCESS'
                    AND t.execution_order = ANY (ARRAY(
                      SELECT (undo ->> 'position')::int FROM jsonb_array_elements(c.compensation -> 'tasks') AS undo))
                  ORDER BY t.level DESC, t.execution_order DESC) AS done
      FROM task_chains c WHERE c.chain_id = $1`,
};

/** $1 chain id, $2 the chain that undoes it. The save that ended it in this transaction has raised its version. */
export const markCompensated: Statement = {
  name: 'mark-compensated',
  text: `UPDATE task_chains SET compensated_by = $2 WHERE chain_id = $1`,
};

/** $1 tenant -> rows that this transaction adds are its own. */
export const actForTenant: Statement = {
  name: 'act-for-tenant',
  text: `SELECT set_config('task_chain.tenant', $1, true)`,
};
