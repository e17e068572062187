import { MINE, type Queryable } from '../database.js';
import type { Statement } from '../pool.js';
import { COUNTED_NOW } from '../statements/clock.js';

// SQL: aggregates.

const totals: Statement = {
  name: 'metrics-totals',
  text: `SELECT status, count(*) AS chains FROM task_chains
          WHERE tenant_id = ${MINE} AND created_at >= clock_timestamp() - $1::float8 * interval '1 s' GROUP BY status`,
};
const running: Statement = {
  name: 'metrics-running',
  text: `SELECT count(*) AS chains FROM task_chains WHERE tenant_id = ${MINE} AND status = 'RUNNING'`,
};
const durations: Statement = {
  name: 'metrics-durations',
  text: `
    SELECT count(*) AS chains, avg(s) AS mean, percentile_cont(0.5) WITHIN GROUP (ORDER BY s) AS p50,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY s) AS p95, max(s) AS max
      FROM (SELECT greatest(extract(epoch FROM completed_at - started_at)::float8, 0) AS s FROM task_chains
             WHERE tenant_id = ${MINE} AND status IN ('SUCCESS', 'FAILURE') AND started_at IS NOT NULL
               AND created_at >= clock_timestamp() - $1::float8 * interval '1 s') AS finished`,
};
const sizes: Statement = {
  name: 'metrics-sizes',
  text: `
    SELECT width_bucket(total_tasks, ARRAY[2, 3, 6, 11, 51, 101, 1001]) AS bucket, count(*) AS chains
      FROM task_chains WHERE tenant_id = ${MINE} AND created_at >= clock_timestamp() - $1::float8 * interval '1 s' GROUP BY 1 ORDER BY 1`,
};
const types: Statement = {
  name: 'metrics-types',
  text: `
    SELECT t.task_type, count(*) AS tasks, count(*) FILTER (WHERE t.status = 'SUCCESS') AS succeeded,
           count(*) FILTER (WHERE t.status = 'FAILURE') AS failed, avg(took.s) AS mean_seconds,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY took.s) AS p95_seconds, max(took.s) AS max_seconds
      FROM chain_tasks t JOIN task_chains c USING (chain_id)
           LEFT JOIN LATERAL (SELECT greatest(extract(epoch FROM t.completed_at - t.started_at)::float8, 0) AS s
                               WHERE t.status IN ('SUCCESS', 'FAILURE') AND t.started_at IS NOT NULL) AS took ON true
     WHERE c.tenant_id = ${MINE} AND c.created_at >= clock_timestamp() - $1::float8 * interval '1 s'
     GROUP BY t.task_type ORDER BY tasks DESC, t.task_type`,
};
/** $1 s of the window, $2 s of each part. */
const throughput: Statement = {
  name: 'metrics-throughput',
  text: `
    SELECT (floor(extract(epoch FROM ended) / $2::float8) * $2::float8)::float8 AS at, count(*) FILTER (WHERE status = 'SUCCESS') AS succeeded,
           count(*) FILTER (WHERE status = 'FAILURE') AS failed, count(*) FILTER (WHERE status = 'CANCELLED') AS cancelled
      FROM (SELECT status, coalesce(completed_at, '-infinity') AS ended FROM task_chains
             WHERE tenant_id = ${MINE} AND coalesce(completed_at, '-infinity') >= clock_timestamp() - $1::float8 * interval '1 s') AS finished
     GROUP BY 1 ORDER BY 1`,
};
const queues: Statement = {
  name: 'metrics-queues',
  // Each part as its index has it.
  text: `
    SELECT task_type, count(*) FILTER (WHERE status = 'READY') AS ready, count(*) FILTER (WHERE status = 'QUEUED') AS queued,
           count(*) FILTER (WHERE status = 'RUNNING') AS running
      FROM (SELECT task_type, status FROM chain_tasks
             WHERE status = 'READY' AND hold IS NULL AND concurrency_key IS NULL AND tenant_id = ${MINE}
             UNION ALL
            SELECT task_type, status FROM chain_tasks
             WHERE status = 'READY' AND hold IS NULL AND concurrency_key IS NOT NULL AND tenant_id = ${MINE}
             UNION ALL
            SELECT task_type, status FROM chain_tasks WHERE status IN ('QUEUED', 'RUNNING') AND tenant_id = ${MINE}) AS open
     GROUP BY task_type ORDER BY count(*) DESC, task_type`,
};
const failures: Statement = {
  name: 'metrics-failures',
  text: `
    SELECT t.error ->> 'code' AS code, count(*) AS tasks, count(DISTINCT t.chain_id) AS chains,
           (array_agg(t.error ->> 'message' ORDER BY t.completed_at DESC))[1] AS message,
           (array_agg(t.chain_id || '/' || t.task_id ORDER BY t.completed_at DESC))[1:3] AS examples
      FROM chain_tasks t JOIN task_chains c USING (chain_id)
     WHERE t.status = 'FAILURE' AND c.tenant_id = ${MINE} AND c.created_at >= clock_timestamp() - $1::float8 * interval '1 s'
     GROUP BY 1 ORDER BY tasks DESC, code LIMIT 20`,
};

/** The chains' counts and times over a window of seconds up to now (by their creation). */
export interface ChainFigures {
  readonly byStatus: ReadonlyMap<string, number>;
  readonly running: number;
  readonly duration: {
    chains: number;
    mean: number | null;
    p50: number | null;
    p95: number | null;
    max: number | null;
  };
  readonly sizes: readonly { bucket: number; chains: number }[];
  readonly types: readonly {
    task_type: string;
    tasks: number;
    succeeded: number;
    failed: number;
    /** How long those that ended ran; null where none did. */
    mean_seconds: number | null;
    p95_seconds: number | null;
    max_seconds: number | null;
  }[];
  /** Chains that ended in the window, by the part of it; parts without any are left out. `at` is its start, s since 1970. */
  readonly throughput: readonly { at: number; succeeded: number; failed: number; cancelled: number }[];
  /** Tasks that are ready, sent or running now, by type. */
  readonly queues: readonly { task_type: string; ready: number; queued: number; running: number }[];
  readonly failures: readonly { code: string; tasks: number; chains: number; message: string; examples: string[] }[];
}

/** Lower bounds of the size buckets that `sizes` counts by: 1, 2, 3-5, 6-10, 11-50, 51-100, 101-1000, more. */
export const SIZE_BUCKETS = ['1', '2', '3-5', '6-10', '11-50', '51-100', '101-1000', '1001-10000'] as const;

/** The seed's six figures (6.2), the queues and what ended in each `partSeconds` of the window, each one grouped statement. */
export async function readFigures(db: Queryable, windowSeconds: number, partSeconds: number): Promise<ChainFigures> {
  const window = [windowSeconds];
  const [byStatus, now, duration, bySize, byType, open, byFailure, byPart] = await Promise.all([
    db.query<{ status: string; chains: number }>(totals, window),
    db.query<{ chains: number }>(running),
    db.query<ChainFigures['duration']>(durations, window),
    db.query<ChainFigures['sizes'][number]>(sizes, window),
    db.query<ChainFigures['types'][number]>(types, window),
    db.query<ChainFigures['queues'][number]>(queues),
    db.query<ChainFigures['failures'][number]>(failures, window),
    db.query<ChainFigures['throughput'][number]>(throughput, [windowSeconds, partSeconds]),
  ]);
  return {
    byStatus: new Map(byStatus.map((row) => [row.status, row.chains])),
    running: now[0]!.chains,
    duration: duration[0]!,
    sizes: bySize,
    types: byType,
    queues: open,
    failures: byFailure,
    throughput: byPart,
  };
}

const gauges: Statement = {
  name: 'metrics-gauges',
  // Each part as its index has it: one that fits no partial index reads all tasks there ever were.
  text: `
    WITH ready AS MATERIALIZED (
      SELECT task_type, ready_at FROM chain_tasks WHERE status = 'READY' AND hold IS NULL AND concurrency_key IS NULL
       UNION ALL
      SELECT task_type, ready_at FROM chain_tasks WHERE status = 'READY' AND hold IS NULL AND concurrency_key IS NOT NULL
    )
    SELECT 'chains' AS kind, status AS label, count(*) AS value FROM task_chains
     WHERE status IN ('PENDING', 'RUNNING', 'PAUSED') GROUP BY status
    UNION ALL
    SELECT 'tasks:READY', task_type, count(*) FROM ready GROUP BY task_type
    UNION ALL
    SELECT 'tasks:' || status, task_type, count(*) FROM chain_tasks
     WHERE status IN ('QUEUED', 'RUNNING') GROUP BY status, task_type
    UNION ALL
    SELECT 'tasks:' || status, task_type, count(*) FROM chain_tasks WHERE status = 'RETRYING' GROUP BY status, task_type
    UNION ALL
    SELECT 'slots', key, sum(value::int) FROM workers, jsonb_each_text(slots)
     WHERE last_seen > ${COUNTED_NOW} - interval '10 s' GROUP BY key
    UNION ALL
    SELECT 'waits', task_type, extract(epoch FROM ${COUNTED_NOW} - min(ready_at))::float8 FROM ready GROUP BY task_type
    UNION ALL
    SELECT 'waits', task_type, extract(epoch FROM ${COUNTED_NOW} - min(ready_at))::float8 FROM chain_tasks
     WHERE status IN ('QUEUED', 'RUNNING') AND status = 'QUEUED' GROUP BY task_type
    UNION ALL
    SELECT 'outbox', '', count(*) FROM outbox`,
};

/**
 * Present counts of what is open, by kind (`chains`, `tasks:<STATUS>`, `slots`, `outbox`) and label; kind `waits`: how
 * long the task of the type that is first in READY, and in QUEUED, has waited for a worker, s.
 */
export function readGauges(db: Queryable): Promise<{ kind: string; label: string; value: number }[]> {
  return db.query(gauges);
}
