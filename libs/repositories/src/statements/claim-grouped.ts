import type { Statement } from '../pool.js';
import { claim } from './claim-ready.js';

// SQL: places of concurrency groups are counted and given in one statement, under a lock.

const READY = `t.status = 'READY' AND t.hold IS NULL AND t.concurrency_key IS NOT NULL`;
/** Tasks of one key that are looked at, at most: more are looked at when these have places. */
const OF_A_KEY = 100;

/** -> a row where a task of a concurrency group is READY. */
export const groupedWaits: Statement = {
  name: 'grouped-waits',
  text: `SELECT FROM chain_tasks t WHERE ${READY} LIMIT 1`,
};

/** Places of groups are given by one transaction at a time, so that what it counts is all there is. -> whether it is this one. */
export const holdGroups: Statement = {
  name: 'hold-groups',
  text: `SELECT pg_try_advisory_xact_lock(7361903) AS held`,
};

/**
 * As `claim-ready`, of tasks in concurrency groups, in a transaction that holds them. A task whose own key it is has a place
 * while it is in flight; a chain whose key it is has one from its first task until it ends, and its further tasks need none.
 * Keys are found by a look into the index each. Tenants have turns.
 *
 * $1 task types, $2 room for each, $3 lease in ms -> the claimed tasks.
 */
export const claimGrouped: Statement = {
  name: 'claim-grouped',
  text: `
    WITH RECURSIVE room AS MATERIALIZED (
      SELECT * FROM unnest($1::text[], $2::int[]) AS room(task_type, places)
    ), key AS (
      (SELECT t.tenant_id, t.concurrency_key FROM chain_tasks t WHERE ${READY} ORDER BY t.tenant_id, t.concurrency_key LIMIT 1)
       UNION ALL
      SELECT next.* FROM key CROSS JOIN LATERAL (
        SELECT t.tenant_id, t.concurrency_key FROM chain_tasks t
         WHERE ${READY} AND (t.tenant_id, t.concurrency_key) > (key.tenant_id, key.concurrency_key)
         ORDER BY t.tenant_id, t.concurrency_key LIMIT 1) AS next
    ), taken AS MATERIALIZED (
      SELECT key.*,
             (SELECT count(*) FROM chain_tasks b
               WHERE b.status IN ('QUEUED','RUNNING') AND b.concurrency_key IS NOT NULL
                 AND b.tenant_id = key.tenant_id AND b.concurrency_key = key.concurrency_key AND b.concurrency_of = 'TASK') AS tasks,
             (SELECT count(*) FROM task_chains c
               WHERE c.concurrency_held AND c.tenant_id = key.tenant_id AND c.concurrency_key = key.concurrency_key) AS chains
        FROM key
    ), inside AS MATERIALIZED (
      -- Tasks of chains that have their place: however late they come, nothing waits before them.
      SELECT t.id, t.chain_id, t.tenant_id, t.task_type, t.priority
        FROM key
        JOIN task_chains c ON c.concurrency_held AND c.tenant_id = key.tenant_id AND c.concurrency_key = key.concurrency_key
       CROSS JOIN LATERAL (SELECT * FROM chain_tasks t WHERE ${READY} AND t.chain_id = c.chain_id OFFSET 0) AS t
    ), first AS MATERIALIZED (
      SELECT t.id, t.chain_id, t.tenant_id, t.task_type, t.priority, t.concurrency_limit, t.concurrency_of, t.concurrency_key,
             taken.tasks, taken.chains, row_number() OVER (PARTITION BY t.tenant_id, t.concurrency_key ORDER BY t.priority DESC, t.id) AS place
        FROM taken
       CROSS JOIN LATERAL (
         SELECT * FROM chain_tasks t
          WHERE ${READY} AND t.tenant_id = taken.tenant_id AND t.concurrency_key = taken.concurrency_key
            AND (t.concurrency_of = 'TASK' OR NOT (SELECT concurrency_held FROM task_chains c WHERE c.chain_id = t.chain_id))
          ORDER BY t.priority DESC, t.id LIMIT ${OF_A_KEY}) AS t
    ), chain_first AS MATERIALIZED (
      SELECT chain_id, row_number() OVER (PARTITION BY tenant_id, concurrency_key ORDER BY min(place)) AS place
        FROM first WHERE concurrency_of = 'CHAIN' GROUP BY tenant_id, concurrency_key, chain_id
    ), let_in AS (
      SELECT id, chain_id, tenant_id, task_type, priority FROM inside
       UNION ALL
      SELECT first.id, first.chain_id, first.tenant_id, first.task_type, first.priority
        FROM first LEFT JOIN chain_first USING (chain_id)
       WHERE CASE first.concurrency_of WHEN 'TASK' THEN first.tasks + first.place ELSE first.chains + chain_first.place END
             <= first.concurrency_limit
    ), turn AS (
      SELECT *, row_number() OVER (PARTITION BY task_type, tenant_id ORDER BY priority DESC, id) AS turn FROM let_in
    ), picked AS MATERIALIZED (
      SELECT id, chain_id
        FROM (SELECT turn.*, row_number() OVER (PARTITION BY turn.task_type ORDER BY turn, priority DESC, id) AS place FROM turn) AS ranked
        JOIN room USING (task_type)
       WHERE ranked.place <= room.places
    ), candidate AS MATERIALIZED (
      SELECT picked.id, picked.chain_id
        FROM picked CROSS JOIN LATERAL (
          SELECT FROM chain_tasks t WHERE t.id = picked.id AND (t.status = 'READY' AND t.hold IS NULL) IS TRUE FOR UPDATE SKIP LOCKED) AS t
    ), ${claim(', concurrency_held = c.concurrency_key IS NOT NULL')}
    RETURNING t.id, t.chain_id, t.execution_order, t.task_id, t.task_request_id, t.task_type, t.attempt, t.priority`,
};
