import { MINE, type Queryable } from '../database.js';
import type { Statement } from '../pool.js';

// SQL: these count, lock and compare by the database's clock.

/** A child has its place in the quota through its outermost chain. */
const OUTERMOST = `parent_chain_id IS NULL`;

/** The current usage of the transaction's tenant. What its sites keep is not kept here, and only they say how much it is. */
export const useOfTenant: Statement = {
  name: 'use-of-tenant',
  text: `
    SELECT (SELECT count(*) FROM task_chains WHERE tenant_id = ${MINE} AND ${OUTERMOST} AND status IN ('RUNNING', 'PAUSED')) AS running_chains,
           (SELECT coalesce(sum(total_tasks - completed_tasks - failed_tasks - skipped_tasks - cancelled_tasks + reserved_tasks), 0)::float8
              FROM task_chains WHERE tenant_id = ${MINE} AND ${OUTERMOST} AND status IN ('PENDING', 'RUNNING', 'PAUSED')) AS waiting_tasks,
           (SELECT count(*) FROM task_chains
             WHERE tenant_id = ${MINE} AND ${OUTERMOST} AND created_at BETWEEN clock_timestamp() - interval '1 min' AND clock_timestamp()) AS creates_last_minute,
           (SELECT coalesce(sum(size_bytes), 0)::float8 FROM artifacts a
             WHERE tenant_id = ${MINE}
               AND NOT EXISTS (SELECT FROM chain_tasks t WHERE t.chain_id = a.chain_id AND t.task_id = a.task_id AND t.at_sites)) AS artifact_bytes`,
};

/** Whoever else would use more of the tenant's quota waits until this transaction has ended. */
export const holdQuota: Statement = {
  name: 'hold-quota',
  text: `SELECT pg_advisory_xact_lock(hashtextextended('task-chain quota ' || ${MINE}, 0))`,
};

/** $1 creates a minute -> seconds until the next one is within them; no row where it is now. */
export const nextCreate: Statement = {
  name: 'next-create',
  text: `
    SELECT extract(epoch FROM created_at + interval '1 min' - clock_timestamp())::float8 AS seconds
      FROM (SELECT created_at FROM task_chains WHERE tenant_id = ${MINE} AND ${OUTERMOST} AND created_at <= clock_timestamp()
             ORDER BY created_at DESC, id DESC OFFSET $1::int - 1 LIMIT 1) AS oldest
     WHERE created_at > clock_timestamp() - interval '1 min'`,
};

/** $1 a chain -> how many others run, and whether it does. */
export const runningBeside: Statement = {
  name: 'running-beside',
  text: `
    SELECT count(*) FILTER (WHERE chain_id <> $1) AS others, coalesce(bool_or(chain_id = $1), false) AS itself
      FROM task_chains WHERE tenant_id = ${MINE} AND ${OUTERMOST} AND status IN ('RUNNING', 'PAUSED')`,
};

const waitingTasks: Statement = { name: 'waiting-tasks', text: `SELECT waiting_tasks() AS waiting` };

/** Unfinished tasks of all tenants. A sum over the open chains. */
export async function readWaitingTasks(db: Queryable): Promise<number> {
  return (await db.query<{ waiting: number }>(waitingTasks))[0]!.waiting;
}
