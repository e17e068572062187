import { type Database, MINE, type Queryable } from '../database.js';
import type { Statement } from '../pool.js';
import { SETTINGS_OF_T } from '../setting-columns.js';
import { LAG } from '../statements/clock.js';

// SQL: polled by every viewer. PostgreSQL writes the JSON that is sent: as rows that the API parsed and wrote again, a chain
// of 100 tasks took 3.7 ms of CPU, as text 2.4 ms. What a reader may not see is in no row.

/** A chain as the API answers it, and what the API itself needs of it. */
export interface ShownChain {
  readonly chain_id: string;
  readonly status: string;
  readonly version: number;
  readonly max_parallel: number | null;
  readonly admitted_tasks: number;
  /** A `ChainSummaryDto` as JSON. */
  readonly json: string;
}

/** A task as the API answers it, and what the API itself needs of it. */
export interface ShownTask {
  readonly task_id: string;
  readonly status: string;
  /** A `TaskDto` without `waiting` as JSON. */
  readonly json: string;
  /** Null unless it waits for something. */
  readonly waits: WaitingTask | null;
}

/** What the reason why a task waits is read from. */
export interface WaitingTask {
  readonly task_id: string;
  readonly task_type: string;
  readonly status: string;
  readonly depends_on: readonly string[];
  readonly trigger_rule: string | { readonly at_least: number };
  readonly succeeded_dependencies: number;
  readonly hold: string | null;
  readonly concurrency_key: string | null;
  readonly concurrency_limit: number | null;
  readonly failures: number;
  readonly next_attempt_at: string | null;
  readonly error: { readonly message?: string; readonly details?: Readonly<Record<string, unknown>> } | null;
}

/** A task with its parameters, for one reader. */
export interface ShownTaskDetail extends ShownTask {
  readonly changed_version: number;
  readonly depends_on: readonly string[];
  /** The parties whose results it shows in clear. */
  readonly in_clear: readonly string[];
}

/** A list's row: the chain, and its place in the list. */
export interface ListedChain {
  readonly chain_id: string;
  readonly id: number;
  /** A Date holds milliseconds only: the cursor needs the time as it is stored. */
  readonly created_at_exact: string;
  /** A `ChainSummaryDto` as JSON. */
  readonly json: string;
}

/** A node of a chain's graph. */
export interface GraphTask {
  readonly task_id: string;
  readonly task_name: string;
  readonly task_type: string;
  readonly status: string;
  readonly level: number;
  readonly depends_on: readonly string[];
}

export interface ChainGraph {
  readonly chain_type: string;
  readonly tasks: readonly GraphTask[];
}

/** Times in the session's zone, which is UTC (`poolConfig`). */
const iso = (time: string): string => `to_char(${time}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const isoColumns = (table: string, names: readonly string[]): string =>
  names.map((name) => `${iso(`${table}.${name}`)} AS ${name}`).join(', ');
const record = (columns: string): string => `(SELECT row_to_json(shown) FROM (SELECT ${columns}) AS shown)`;
const asJson = (columns: string): string => `${record(columns)}::text`;

const CHAIN = asJson(`
  c.chain_id, c.chain_name, c.chain_type, c.description, c.status, c.execution_id, c.epoch, c.version, c.total_tasks,
  c.completed_tasks, c.failed_tasks, c.skipped_tasks, c.cancelled_tasks,
  ${isoColumns('c', ['created_at', 'started_at', 'completed_at', 'updated_at'])}, ${iso(`c.deadline_at + ${LAG}`)} AS deadline_at,
  c.created_by, c.metadata, c.max_parallel, c.concurrency_key, c.concurrency_limit,
  CASE c.total_tasks WHEN 0 THEN 0 ELSE
    round(10000 * (c.completed_tasks + c.failed_tasks + c.skipped_tasks + c.cancelled_tasks)::numeric / c.total_tasks)::float8 / 100
  END AS progress, c.error`);

/** Results in clear belong to a party whose folder nobody has claimed: whoever `may` not read them gets the reason. */
const partyResults = (may: string): string => `
  CASE WHEN t.party_results IS NOT NULL THEN (
    SELECT coalesce(jsonb_object_agg(result.key, CASE WHEN result.value ? 'value' AND NOT ${may} THEN jsonb_build_object('withheld',
             'Nobody has claimed the folder of the party: only admins, and keys of the party, read this at the task itself.')
             ELSE result.value END), '{}')
      FROM jsonb_each(t.party_results) AS result)
  END`;

const taskJson = (mayRead: string, more = ''): string =>
  asJson(`
  t.task_id, t.task_request_id, t.task_name, t.task_type, t.execution_mode, t.depends_on, t.is_callback, t.status,
  t.execution_order, t.level, t.priority, t.attempt, t.failures, t.losses, t.worker_id, t.trigger_rule, t.conditions,
  ${SETTINGS_OF_T}, t.hold, t.concurrency_key, t.concurrency_limit, t.skip_reason,
  ${isoColumns('t', ['created_at', 'queued_at', 'started_at', 'completed_at'])}, t.progress, t.progress_stage,
  t.result, ${partyResults(mayRead)} AS party_results, t.error${more}`);

const WAITS = `
  CASE WHEN t.status IN ('PENDING', 'READY', 'QUEUED', 'RETRYING') THEN ${record(`
    t.task_id, t.task_type, t.status, t.depends_on, t.trigger_rule, t.succeeded_dependencies, t.hold, t.concurrency_key,
    t.concurrency_limit, t.failures, ${iso(`t.next_attempt_at + ${LAG}`)} AS next_attempt_at, t.error`)}
  END AS waits`;

const TASK = `t.task_id, t.status, ${taskJson('false')} AS json, ${WAITS}`;

const chainById: Statement = {
  name: 'chain-by-id',
  text: `SELECT c.chain_id, c.status, c.version, c.max_parallel, c.admitted_tasks, ${CHAIN} AS json FROM task_chains c WHERE c.chain_id = $1`,
};
/** The chain's own columns stand in its first row alone. */
const chainWithTasks: Statement = {
  name: 'chain-with-tasks',
  text: `SELECT c.chain_id, c.status AS chain_status, c.version, c.max_parallel, c.admitted_tasks,
                CASE WHEN row_number() OVER (ORDER BY t.execution_order) = 1 THEN ${CHAIN} END AS chain_json, ${TASK}
           FROM task_chains c LEFT JOIN chain_tasks t USING (chain_id)
          WHERE c.chain_id = $1 ORDER BY t.execution_order`,
};
/** $3 the reader's party, $4 whether the reader is an admin. */
const READER_MAY = '($4::boolean OR result.key IS NOT DISTINCT FROM $3::text)';
const taskById: Statement = {
  name: 'task-by-id',
  text: `SELECT t.task_id, t.status, ${taskJson(READER_MAY, ', r.params')} AS json, ${WAITS},
                t.changed_version, t.depends_on,
                ARRAY(SELECT result.key FROM jsonb_each(t.party_results) AS result
                       WHERE result.value ? 'value' AND ${READER_MAY}) AS in_clear
           FROM chain_tasks t JOIN task_requests r USING (task_request_id)
          WHERE t.chain_id = $1 AND t.task_id = $2`,
};
const graph: Statement = {
  name: 'chain-graph',
  text: `SELECT c.chain_type, t.task_id, t.task_name, t.task_type, t.status, t.level, t.depends_on
           FROM task_chains c LEFT JOIN chain_tasks t USING (chain_id) WHERE c.chain_id = $1 ORDER BY t.execution_order`,
};
const taskStatuses: Statement = {
  name: 'task-statuses',
  text: `SELECT task_id, status FROM chain_tasks WHERE chain_id = $1 AND task_id = ANY ($2::text[])`,
};
const versions: Statement = {
  name: 'chain-versions',
  text: `SELECT chain_id, version, status FROM task_chains WHERE chain_id = ANY ($1::text[])`,
};
const changedTasks: Statement = {
  name: 'changed-tasks',
  text: `SELECT ${TASK} FROM chain_tasks t
          WHERE t.chain_id = $1 AND (t.changed_version > $2 OR t.status = 'RUNNING') ORDER BY t.execution_order`,
};

interface ChainRow extends Omit<ShownChain, 'json' | 'status'>, ShownTask {
  readonly chain_status: string;
  readonly chain_json: string;
}

export const readChains = {
  chain: async (db: Queryable, chainId: string) => (await db.query<ShownChain>(chainById, [chainId]))[0],
  /** The chain and its tasks as of one moment. */
  withTasks: async (
    db: Queryable,
    chainId: string,
  ): Promise<{ chain: ShownChain; tasks: readonly ShownTask[] } | undefined> => {
    const rows = await db.query<ChainRow>(chainWithTasks, [chainId]);
    const [first] = rows;
    if (first === undefined) return undefined;
    const chain = { ...first, status: first.chain_status, json: first.chain_json };
    // A chain without tasks is one row, of a left join.
    return { chain, tasks: first.task_id === null ? [] : rows };
  },
  /** The task as a key of `party` reads it, or an admin. */
  task: async (db: Queryable, chainId: string, taskId: string, party: string | null, isAdmin: boolean) =>
    (await db.query<ShownTaskDetail>(taskById, [chainId, taskId, party, isAdmin]))[0],
  /** The nodes in the order of the request. */
  graph: async (db: Queryable, chainId: string): Promise<ChainGraph | undefined> => {
    const rows = await db.query<GraphTask & { chain_type: string }>(graph, [chainId]);
    const [first] = rows;
    return first && { chain_type: first.chain_type, tasks: first.task_id === null ? [] : rows };
  },
  /** Statuses of these tasks by id. */
  statuses: async (db: Queryable, chainId: string, taskIds: readonly string[]) =>
    new Map(
      (await db.query<{ task_id: string; status: string }>(taskStatuses, [chainId, taskIds])).map((row) => [
        row.task_id,
        row.status,
      ]),
    ),
  /** Versions and statuses of these chains by id: a higher version than last time means that something changed. */
  versions: async (db: Queryable, chainIds: readonly string[]) =>
    new Map(
      (await db.query<{ chain_id: string; version: number; status: string }>(versions, [chainIds])).map((row) => [
        row.chain_id,
        row,
      ]),
    ),
  /** Tasks changed after `version`, and those that run, whose progress no version counts. */
  changedTasks: (db: Queryable, chainId: string, version: number) =>
    db.query<ShownTask>(changedTasks, [chainId, version]),
};

/** Filters of a list; undefined: any. */
export interface ChainFilter {
  readonly statuses?: readonly string[];
  readonly chainTypes?: readonly string[];
  readonly createdBy?: string;
  readonly taskType?: string;
  /** Part of the chain's name. */
  readonly q?: string;
  readonly createdFrom?: string;
  readonly createdTo?: string;
}

export interface ChainPage {
  readonly ascending: boolean;
  readonly limit: number;
  readonly offset: number;
  /** Goes on after this row instead of counting from the start. */
  readonly after?: { readonly createdAt: string; readonly id: number };
}

/** The chains of a page, newest first unless `ascending`. `total` is counted only on request. */
export async function listChains(
  db: Database,
  filter: ChainFilter,
  page: ChainPage,
  withTotal: boolean,
): Promise<{ items: ListedChain[]; total: number | null }> {
  const { where, values } = conditions(filter);
  const rows = [...where];
  const rowValues = [...values];
  if (page.after !== undefined) {
    rowValues.push(page.after.createdAt, page.after.id);
    rows.push(
      `(c.created_at, c.id) ${page.ascending ? '>' : '<'} ($${rowValues.length - 1}::timestamptz, $${rowValues.length})`,
    );
  }
  const order = page.ascending ? 'ASC' : 'DESC';
  const text = `SELECT c.chain_id, c.id, c.created_at::text AS created_at_exact, ${CHAIN} AS json FROM task_chains c WHERE ${rows.join(' AND ')}
    ORDER BY c.created_at ${order}, c.id ${order} LIMIT ${Math.trunc(page.limit)} OFFSET ${Math.trunc(page.offset)}`;
  const [items, total] = await Promise.all([
    db.query<ListedChain>({ name: '', text }, rowValues),
    withTotal ? countChains(db, where, values) : null,
  ]);
  return { items, total };
}

/** A count of 100,000 chains costs as much as many pages. */
async function countChains(db: Database, where: readonly string[], values: readonly unknown[]): Promise<number> {
  const text = `SELECT count(*) AS total FROM task_chains c WHERE ${where.join(' AND ')}`;
  const [row] = await db.queryShared<{ total: number }>({ name: '', text }, values);
  return row!.total;
}

function conditions(filter: ChainFilter): { where: string[]; values: unknown[] } {
  const where = [`c.tenant_id = ${MINE}`];
  const values: unknown[] = [];
  const add = (condition: (place: string) => string, value: unknown): void => {
    values.push(value);
    where.push(condition(`$${values.length}`));
  };
  if (filter.statuses !== undefined) add((p) => `c.status = ANY (${p}::text[])`, filter.statuses);
  if (filter.chainTypes !== undefined) add((p) => `c.chain_type = ANY (${p}::text[])`, filter.chainTypes);
  if (filter.createdBy !== undefined) add((p) => `c.created_by = ${p}`, filter.createdBy);
  if (filter.q !== undefined) {
    add((p) => `c.chain_name ILIKE ${p}`, `%${filter.q.replace(/[\\%_]/g, '\\$&')}%`);
  }
  if (filter.createdFrom !== undefined) add((p) => `c.created_at >= ${p}::timestamptz`, filter.createdFrom);
  if (filter.createdTo !== undefined) add((p) => `c.created_at < ${p}::timestamptz`, filter.createdTo);
  if (filter.taskType !== undefined) {
    add(
      (p) => `EXISTS (SELECT FROM chain_tasks t WHERE t.chain_id = c.chain_id AND t.task_type = ${p})`,
      filter.taskType,
    );
  }
  return { where, values };
}
