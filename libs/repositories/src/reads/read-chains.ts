import type { PartyResult, WireSettings } from '#libs/chain-domain';
import { type Database, MINE, type Queryable } from '../database.js';
import type { Statement } from '../pool.js';
import { SETTINGS_OF_T } from '../setting-columns.js';
import { LAG } from '../statements/clock.js';

// SQL: polled by every viewer: as entities they took twice the CPU (300 to 588 µs for a chain).

/** A chain as the API shows it. */
export interface ChainView {
  id: number;
  chain_id: string;
  chain_name: string;
  chain_type: string;
  description: string | null;
  status: string;
  execution_id: string | null;
  epoch: number;
  version: number;
  total_tasks: number;
  completed_tasks: number;
  failed_tasks: number;
  skipped_tasks: number;
  cancelled_tasks: number;
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  updated_at: string;
  deadline_at: string | null;
  created_by: string | null;
  metadata: Record<string, unknown>;
  stop_on_error: boolean;
  timeout_seconds: number;
  max_parallel: number | null;
  concurrency_key: string | null;
  concurrency_limit: number | null;
  admitted_tasks: number;
  error: Record<string, unknown> | null;
}

/** A task as the API shows it. */
export interface TaskView extends WireSettings {
  task_id: string;
  task_request_id: string;
  task_name: string;
  task_type: string;
  execution_mode: string;
  depends_on: string[];
  is_callback: boolean;
  status: string;
  execution_order: number;
  level: number;
  priority: number;
  attempt: number;
  failures: number;
  losses: number;
  worker_id: string | null;
  trigger_rule: string | { at_least: number };
  conditions: string[];
  hold: string | null;
  concurrency_key: string | null;
  concurrency_limit: number | null;
  succeeded_dependencies: number;
  skip_reason: string | null;
  created_at: string;
  queued_at: string | null;
  started_at: string | null;
  completed_at: string | null;
  next_attempt_at: string | null;
  timeout_seconds: number | null;
  progress: number;
  progress_stage: string | null;
  result: unknown;
  party_results: Readonly<Record<string, PartyResult>> | null;
  error: Record<string, unknown> | null;
  changed_version: number;
}

const CHAIN = `
  c.id, c.chain_id, c.chain_name, c.chain_type, c.description, c.status, c.execution_id, c.epoch, c.version,
  c.total_tasks, c.completed_tasks, c.failed_tasks, c.skipped_tasks, c.cancelled_tasks, c.created_at, c.started_at,
  c.completed_at, c.updated_at, c.deadline_at + ${LAG} AS deadline_at, c.created_by, c.metadata, c.stop_on_error, c.timeout_seconds,
  c.max_parallel, c.concurrency_key, c.concurrency_limit, c.admitted_tasks, c.error`;

const TASK = `
  t.task_id, t.task_request_id, t.task_name, t.task_type, t.execution_mode, t.depends_on, t.is_callback, t.status,
  t.execution_order, t.level, t.priority, t.attempt, t.failures, t.losses, t.worker_id, t.trigger_rule, t.conditions,
  ${SETTINGS_OF_T}, t.hold, t.concurrency_key, t.concurrency_limit, t.succeeded_dependencies, t.skip_reason,
  t.created_at, t.queued_at, t.started_at, t.completed_at, t.next_attempt_at + ${LAG} AS next_attempt_at, t.timeout_seconds, t.progress,
  t.progress_stage, t.result, t.party_results, t.error, t.changed_version`;

const chainById: Statement = { name: 'chain-by-id', text: `SELECT ${CHAIN} FROM task_chains c WHERE c.chain_id = $1` };
const tasksOfChain: Statement = {
  name: 'tasks-of-chain',
  text: `SELECT ${TASK} FROM chain_tasks t WHERE t.chain_id = $1 ORDER BY t.execution_order`,
};
const taskById: Statement = {
  name: 'task-by-id',
  text: `SELECT ${TASK}, r.params FROM chain_tasks t JOIN task_requests r USING (task_request_id)
          WHERE t.chain_id = $1 AND t.task_id = $2`,
};
const taskStatuses: Statement = {
  name: 'task-statuses',
  text: `SELECT task_id, status FROM chain_tasks WHERE chain_id = $1 AND task_id = ANY ($2::text[])`,
};
const versions: Statement = {
  name: 'chain-versions',
  text: `SELECT chain_id, version FROM task_chains WHERE chain_id = ANY ($1::text[])`,
};
const changedTasks: Statement = {
  name: 'changed-tasks',
  text: `SELECT ${TASK} FROM chain_tasks t
          WHERE t.chain_id = $1 AND (t.changed_version > $2 OR t.status = 'RUNNING') ORDER BY t.execution_order`,
};

export const readChains = {
  chain: async (db: Queryable, chainId: string) => (await db.query<ChainView>(chainById, [chainId]))[0],
  tasks: (db: Queryable, chainId: string) => db.query<TaskView>(tasksOfChain, [chainId]),
  task: async (db: Queryable, chainId: string, taskId: string) =>
    (await db.query<TaskView & { params: unknown }>(taskById, [chainId, taskId]))[0],
  /** Statuses of these tasks by id. */
  statuses: async (db: Queryable, chainId: string, taskIds: readonly string[]) =>
    new Map(
      (await db.query<{ task_id: string; status: string }>(taskStatuses, [chainId, taskIds])).map((row) => [
        row.task_id,
        row.status,
      ]),
    ),
  /** Versions of these chains by id: a higher one than last time means that something changed. */
  versions: async (db: Queryable, chainIds: readonly string[]) =>
    new Map(
      (await db.query<{ chain_id: string; version: number }>(versions, [chainIds])).map((row) => [
        row.chain_id,
        row.version,
      ]),
    ),
  /** Tasks changed after `version`, and those that run, whose progress no version counts. */
  changedTasks: (db: Queryable, chainId: string, version: number) =>
    db.query<TaskView>(changedTasks, [chainId, version]),
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
): Promise<{ items: (ChainView & { created_at_exact: string })[]; total: number | null }> {
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
  // A Date holds milliseconds only: the cursor needs the time as it is stored.
  const text = `SELECT ${CHAIN}, c.created_at::text AS created_at_exact FROM task_chains c WHERE ${rows.join(' AND ')}
    ORDER BY c.created_at ${order}, c.id ${order} LIMIT ${Math.trunc(page.limit)} OFFSET ${Math.trunc(page.offset)}`;
  const [items, total] = await Promise.all([
    db.query<ChainView & { created_at_exact: string }>({ name: '', text }, rowValues),
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
