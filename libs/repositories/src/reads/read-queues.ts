import { MINE, type Queryable } from '../database.js';
import type { Statement } from '../pool.js';
import { COUNTED_NOW } from '../statements/clock.js';

// SQL: ranks within queues, of a bounded number of rows.

/** How far the queue of a task type is counted for a READY task. */
const MAX_COUNTED = 1_000;
/** A worker that was not heard of for this long lends no slots, ms. */
export const WORKER_SEEN_MS = 10_000;

const positions: Statement = {
  name: 'queue-positions',
  // Tasks of the tenant: sent ones first, then READY ones in the order in which dispatchers claim them.
  text: `
    WITH queued AS MATERIALIZED (
      SELECT task_type, chain_id, task_id,
             row_number() OVER (PARTITION BY task_type ORDER BY priority DESC, queued_at, id) - 1 AS ahead
        FROM chain_tasks WHERE status = 'QUEUED' AND task_type = ANY ($1::text[])
    ), ready AS (
      SELECT type.task_type, counted.chain_id, counted.task_id, counted.ahead
        FROM unnest($1::text[]) AS type(task_type)
       CROSS JOIN LATERAL (
         SELECT chain_id, task_id, row_number() OVER (ORDER BY priority DESC, id) - 1 AS ahead
           FROM (SELECT chain_id, task_id, priority, id FROM chain_tasks t
                  WHERE t.status = 'READY' AND t.hold IS NULL AND t.concurrency_key IS NULL AND t.task_type = type.task_type AND t.tenant_id = ${MINE}
                  ORDER BY priority DESC, id LIMIT $3) AS first) AS counted
    )
    SELECT task_type, task_id, ahead FROM queued WHERE chain_id = $2
    UNION ALL
    SELECT task_type, task_id, ahead + (SELECT count(*) FROM queued WHERE queued.task_type = ready.task_type)
      FROM ready WHERE chain_id = $2
    UNION ALL
    SELECT task_type, NULL, count(*) FROM ready GROUP BY task_type HAVING count(*) >= $3`,
};

const slots: Statement = {
  name: 'slots-of-types',
  text: `
    SELECT key AS task_type, sum(value::int)::int AS slots
      FROM workers, jsonb_each_text(slots)
     WHERE last_seen > ${COUNTED_NOW} - $2::float8 * interval '1 ms' AND key = ANY ($1::text[])
     GROUP BY key`,
};

/** The positions of a chain's READY and QUEUED tasks in their queues. */
export interface QueueFacts {
  /** Tasks ahead of each, by task id. One that is missing was not counted, or had left the queue when it was. */
  readonly ahead: ReadonlyMap<string, number>;
  /** Types of which more tasks are READY than are counted, and how many are. */
  readonly counted: ReadonlyMap<string, number>;
  /** Slots of all live workers by task type; a type that is missing has none. */
  readonly slots: ReadonlyMap<string, number>;
}

/** The queues of these task types, and the positions of a chain's tasks in them. The work is bounded, however many tasks wait. */
export async function readQueues(db: Queryable, chainId: string, types: readonly string[]): Promise<QueueFacts> {
  if (types.length === 0) return { ahead: new Map(), counted: new Map(), slots: new Map() };
  const [rows, live] = await Promise.all([
    db.query<{ task_type: string; task_id: string | null; ahead: number }>(positions, [types, chainId, MAX_COUNTED]),
    db.query<{ task_type: string; slots: number }>(slots, [types, WORKER_SEEN_MS]),
  ]);
  return {
    ahead: new Map(rows.flatMap(({ task_id: id, ahead }) => (id === null ? [] : [[id, ahead] as const]))),
    counted: new Map(rows.flatMap((row) => (row.task_id === null ? [[row.task_type, row.ahead] as const] : []))),
    slots: new Map(live.map((row) => [row.task_type, row.slots])),
  };
}
