import type { Queryable } from '../database.js';
import type { Statement } from '../pool.js';
import { chainJson, taskJson, TASKS_READER, WAITS, wholeChainJson } from './shown-columns.js';

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
  /** What a control task waits for. */
  readonly awaits: object | null;
  readonly error: { readonly message?: string; readonly details?: Readonly<Record<string, unknown>> } | null;
}

/** A task with its parameters, for one reader. */
export interface ShownTaskDetail extends ShownTask {
  readonly changed_version: number;
  readonly depends_on: readonly string[];
  /** The parties whose results it shows in clear. */
  readonly in_clear: readonly string[];
}

/** A node of a chain's graph. */
export interface GraphTask {
  readonly task_id: string;
  readonly task_name: string;
  readonly task_type: string;
  readonly status: string;
  readonly level: number;
  readonly depends_on: readonly string[];
  /** `sf_init_config` of its parameters, which names its parties. */
  readonly init: unknown;
}

export interface ChainGraph {
  readonly chain_type: string;
  readonly tasks: readonly GraphTask[];
}

const WHOLE_CHAIN = wholeChainJson();
const taskOf = (fields?: readonly string[]): string =>
  `t.task_id, t.status, ${taskJson(TASKS_READER, '', fields)} AS json, ${WAITS}`;
const TASK = taskOf();

const chainOf = (json: string): string =>
  `SELECT c.chain_id, c.status, c.version, c.max_parallel, c.admitted_tasks, ${json} AS json FROM task_chains c WHERE c.chain_id = $1`;
const chainById: Statement = { name: 'chain-by-id', text: chainOf(chainJson()) };
/** The chain's own columns stand in its first row alone. */
const withTasksOf = (chain: string, task: string): string =>
  `SELECT c.chain_id, c.status AS chain_status, c.version, c.max_parallel, c.admitted_tasks,
                CASE WHEN row_number() OVER (ORDER BY t.execution_order) = 1 THEN ${chain} END AS chain_json, ${task}
           FROM task_chains c LEFT JOIN chain_tasks t USING (chain_id)
          WHERE c.chain_id = $1 ORDER BY t.execution_order`;
const chainWithTasks: Statement = { name: 'chain-with-tasks', text: withTasksOf(WHOLE_CHAIN, TASK) };
/** Without a name: there are as many texts as choices of fields. */
const partsOf = ({ chain, tasks }: ChainParts): Statement => ({
  name: '',
  text: withTasksOf(wholeChainJson(chain), taskOf(tasks)),
});
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
  text: `SELECT c.chain_type, t.task_id, t.task_name, t.task_type, t.status, t.level, t.depends_on,
                r.params -> 'sf_init_config' AS init
           FROM task_chains c LEFT JOIN chain_tasks t USING (chain_id) LEFT JOIN task_requests r USING (task_request_id)
          WHERE c.chain_id = $1 ORDER BY t.execution_order`,
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

/** Fields of a chain and of its tasks; undefined: all of them. */
export interface ChainParts {
  readonly chain: readonly string[] | undefined;
  readonly tasks: readonly string[] | undefined;
}

interface ChainRow extends Omit<ShownChain, 'json' | 'status'>, ShownTask {
  readonly chain_status: string;
  readonly chain_json: string;
}

export const readChains = {
  /** The chain without its tasks and outputs, or its id and these fields. */
  chain: async (db: Queryable, chainId: string, fields?: readonly string[]) =>
    (
      await db.query<ShownChain>(
        fields === undefined ? chainById : { name: '', text: chainOf(wholeChainJson(fields)) },
        [chainId],
      )
    )[0],
  /** The chain and its tasks as of one moment, whole or in `parts`. */
  withTasks: async (
    db: Queryable,
    chainId: string,
    parts?: ChainParts,
  ): Promise<{ chain: ShownChain; tasks: readonly ShownTask[] } | undefined> => {
    const rows = await db.query<ChainRow>(parts === undefined ? chainWithTasks : partsOf(parts), [chainId]);
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
