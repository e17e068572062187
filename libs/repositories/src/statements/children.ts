import { FOR_EACH, type ChainStatus, type TaskError } from '#libs/chain-domain';
import type { Statement } from '../pool.js';
import { OUTPUTS } from '../reads/shown-columns.js';

// SQL: each joins a chain with the task of another one that runs it.

/** A child that has ended, beside the task that waits for it. */
export interface EndedChild {
  readonly chain_id: string;
  readonly task_request_id: string;
  readonly attempt: number;
  readonly child_id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'CANCELLED';
  readonly error: TaskError | null;
  readonly left_ms: number | null;
  readonly outputs: unknown;
  readonly task_id: string;
  readonly turn: number;
  readonly chain_name: string;
  readonly chain_type: string;
  readonly metadata: unknown;
  /** The values that its task gave. */
  readonly args: unknown;
  /** Of a task that repeats it: what that runs, as the engine knows it. */
  readonly child: unknown;
  /** It ran the instances of a `for_each`: their results are that of the task. */
  readonly lists: boolean;
}

/** The child that a task ran last, and what that got. */
export interface LastChild {
  readonly status: ChainStatus;
  readonly turn: number;
  readonly args: unknown;
  readonly outputs: unknown;
}

/** What a child takes over from its parent's chain, and the last child of its task: null where there is none. */
export type LastChildRow = {
  readonly created_by: string | null;
  readonly by_admin: boolean;
  readonly origin: string;
} & (
  | {
      readonly chain_id: string;
      readonly status: ChainStatus;
      readonly same: boolean;
      readonly again: readonly string[] | null;
    }
  | { readonly chain_id: null; readonly status: null; readonly same: null; readonly again: null }
);

/** What a child has to do for its parent's sake. */
export interface ChildCommand {
  readonly command: 'CancelChain' | 'PauseChain' | 'ResumeChain' | 'SetPriority' | null;
  readonly priority: number | null;
  readonly parent_chain_id: string;
}

const PARENT = `task_chains p ON p.chain_id = c.parent_chain_id
      LEFT JOIN chain_tasks t ON t.chain_id = c.parent_chain_id AND t.execution_order = c.parent_position`;

/** $1 row ids of tasks -> the chains that they run, as they were read, and what they ran last. */
export const childPlans: Statement = {
  name: 'child-plans',
  text: `
    SELECT t.id, r.child, last.child AS last
      FROM (SELECT id, chain_id, execution_order, task_request_id FROM chain_tasks WHERE id = ANY ($1::bigint[]) OFFSET 0) AS t
     CROSS JOIN LATERAL (SELECT child FROM task_requests WHERE task_request_id = t.task_request_id OFFSET 0) AS r
      LEFT JOIN LATERAL (
       SELECT json_build_object('status', c.status, 'turn', c.parent_turn, 'args', c.parent_args, 'outputs', ${OUTPUTS}) AS child
         FROM task_chains c WHERE c.parent_chain_id = t.chain_id AND c.parent_position = t.execution_order
        ORDER BY c.parent_attempt DESC LIMIT 1) AS last ON true`,
};

/**
 * $1 chain, $2 position, $3 values -> what its children take over from it (`origin`: the schedule of the outermost chain around it, else
 * that chain), and the last child of the task, locked, and whether it got the same values. From here on the rows that the transaction adds
 * are of the chain's tenant.
 */
export const lastChild: Statement = {
  name: 'last-child',
  text: `
    WITH RECURSIVE above AS (
      SELECT chain_id, parent_chain_id, schedule_id FROM task_chains WHERE chain_id = $1
      UNION ALL
      SELECT p.chain_id, p.parent_chain_id, p.schedule_id FROM task_chains p JOIN above ON p.chain_id = above.parent_chain_id)
    SELECT p.created_by, p.by_admin, set_config('task_chain.tenant', p.tenant_id, true), last.*,
           (SELECT coalesce('schedule:' || schedule_id, 'chain:' || chain_id) FROM above WHERE parent_chain_id IS NULL) AS origin
      FROM task_chains p
      LEFT JOIN LATERAL (
        SELECT chain_id, status, parent_args = $3::jsonb AS same, parent_again AS again FROM task_chains
         WHERE parent_chain_id = $1 AND parent_position = $2 ORDER BY parent_attempt DESC LIMIT 1 FOR NO KEY UPDATE) AS last ON true
     WHERE p.chain_id = $1`,
};

/** $1 child, $2 attempt, $3 priority, $4 what is left of its parent's time, ms: it runs for this attempt of its parent's task. */
export const adoptChild: Statement = {
  name: 'adopt-child',
  text: `UPDATE task_chains SET parent_attempt = $2, parent_priority = $3, parent_left_ms = $4, parent_paused = false, parent_again = NULL WHERE chain_id = $1`,
};

/**
 * $1 chain, $2 ids of its tasks, $3 for each of them the id of a task of what it ran last, $4 whether its next attempt runs that one
 * again, and no other -> those of $3 that there are.
 */
export const runAgain: Statement = {
  name: 'run-again',
  text: `
    WITH named AS (
      SELECT i.base, i.id, last.chain_id FROM unnest($2::text[], $3::text[]) AS i (base, id)
        JOIN chain_tasks t ON t.chain_id = $1 AND t.task_id = i.base
       CROSS JOIN LATERAL (
        SELECT c.chain_id FROM task_chains c WHERE c.parent_chain_id = t.chain_id AND c.parent_position = t.execution_order
         ORDER BY c.parent_attempt DESC LIMIT 1) AS last
       WHERE EXISTS (SELECT FROM chain_tasks own WHERE own.chain_id = last.chain_id AND own.task_id = i.id)),
    marked AS (
      UPDATE task_chains c SET parent_again = lists.ids
        FROM (SELECT chain_id, array_agg(id) AS ids FROM named GROUP BY chain_id) AS lists WHERE $4 AND c.chain_id = lists.chain_id)
    SELECT id FROM named`,
};

/** An artifact, and the task that wants to hand it down to the chain that it runs. */
export interface AskedArtifact {
  readonly taskRequestId: string;
  readonly chainId: string;
  readonly taskId: string;
  readonly name: string;
}

/**
 * $1 tasks that run chains, by their requests; $2 chains, $3 tasks and $4 names of artifacts (pairwise) -> those that the task may hand down, with the hash of the
 * canonical task that wrote the file: one of a task that its parameters come from, of an instance of such a list, or of a chain that such a task ran, one of a turn of its
 * own, or one that was handed down to it.
 */
export const handedArtifacts: Statement = {
  name: 'handed-artifacts',
  text: `
    SELECT asked.task, asked.chain_id, asked.task_id, asked.name, r.hash
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS asked (task, chain_id, task_id, name)
     CROSS JOIN LATERAL (
       SELECT chain_id, tenant_id, execution_order, predecessors || referenced || ARRAY(
                SELECT unnest(list.predecessors) FROM chain_tasks list
                 WHERE list.chain_id = own.chain_id AND list.task_type = '${FOR_EACH}'
                   AND list.execution_order = ANY (own.predecessors || own.referenced)) AS sources
         FROM chain_tasks own WHERE task_request_id = asked.task OFFSET 0) AS t
     CROSS JOIN LATERAL (
       SELECT tenant_id FROM artifacts
        WHERE chain_id = asked.chain_id AND task_id = asked.task_id AND name = asked.name OFFSET 0) AS file
     CROSS JOIN LATERAL (
       SELECT execution_order, task_request_id FROM chain_tasks
        WHERE chain_id = asked.chain_id AND task_id = asked.task_id OFFSET 0) AS source
     CROSS JOIN LATERAL (
       SELECT metadata #>> '{consent,hash}' AS hash FROM task_requests
        WHERE task_request_id = source.task_request_id OFFSET 0) AS r
     WHERE file.tenant_id = t.tenant_id AND (
           (asked.chain_id = t.chain_id AND source.execution_order = ANY (t.sources))
        OR EXISTS (
             WITH RECURSIVE above AS (
               SELECT parent_chain_id, parent_position FROM task_chains WHERE chain_id = asked.chain_id
                UNION ALL
               SELECT p.parent_chain_id, p.parent_position FROM task_chains p JOIN above ON p.chain_id = above.parent_chain_id)
             SELECT FROM above WHERE parent_chain_id = t.chain_id AND parent_position = ANY (t.sources || t.execution_order))
        OR EXISTS (
             SELECT FROM task_requests own WHERE own.task_request_id = asked.task
                AND own.metadata -> 'handed' ? ('artifact:' || asked.chain_id || '/' || asked.task_id || '/' || asked.name)))`,
};

/** Children that have ended while their task waits for that. $1 parents (null: all) -> the tasks, and what became of the children. */
export const endedChildren: Statement = {
  name: 'ended-children',
  text: `
    SELECT t.chain_id, t.task_request_id, t.attempt, c.chain_id AS child_id, c.status, c.error, greatest(0, c.parent_left_ms - c.timeout_seconds * 1000 + c.time_left_ms) AS left_ms,
           ${OUTPUTS} AS outputs, t.task_id, c.parent_turn AS turn, c.chain_name, c.chain_type, c.metadata, c.parent_args AS args, r.child, r.lists
      FROM (SELECT * FROM chain_tasks
             WHERE hold = 'CHILD' AND status = 'RETRYING' AND ($1::text[] IS NULL OR chain_id = ANY ($1::text[]))) AS t
      JOIN task_chains c ON c.parent_chain_id = t.chain_id AND c.parent_position = t.execution_order AND c.parent_attempt = t.attempt
     CROSS JOIN LATERAL (SELECT CASE WHEN child ? 'repeat' THEN child END AS child, child ? 'forEach' AS lists FROM task_requests WHERE task_request_id = t.task_request_id OFFSET 0) AS r
     WHERE c.status IN ('SUCCESS', 'FAILURE', 'CANCELLED')
     LIMIT 500`,
};

/** What an open child has to do for its parent's sake; null: nothing. */
const COMMAND = `
    CASE WHEN (t.status = 'RETRYING' AND t.hold = 'CHILD' AND t.attempt = c.parent_attempt) IS NOT TRUE THEN 'CancelChain'
         WHEN p.status = 'PAUSED' AND c.status = 'RUNNING' THEN 'PauseChain'
         WHEN p.status = 'RUNNING' AND c.status = 'PAUSED' AND c.parent_paused THEN 'ResumeChain'
         WHEN t.priority <> c.parent_priority THEN 'SetPriority' END`;
const OPEN = `c.parent_chain_id IS NOT NULL AND c.status IN ('PENDING','RUNNING','PAUSED')`;

/** Open children that do not go the way of their parent. $1 parents (null: all) -> their ids. */
export const strayChildren: Statement = {
  name: 'stray-children',
  text: `
    SELECT c.chain_id FROM task_chains c LEFT JOIN ${PARENT}
     WHERE ${OPEN} AND ($1::text[] IS NULL OR c.parent_chain_id = ANY ($1::text[])) AND ${COMMAND} IS NOT NULL
     LIMIT 500`,
};

/** $1 child, which is locked -> what it has to do now, and the priority of its task. */
export const commandOfChild: Statement = {
  name: 'command-of-child',
  text: `
    SELECT ${COMMAND} AS command, t.priority, c.parent_chain_id FROM task_chains c LEFT JOIN ${PARENT}
     WHERE c.chain_id = $1 AND ${OPEN} FOR NO KEY UPDATE OF c`,
};

/** $1 child, $2 whether its parent paused it, $3 the priority that it has taken over (null: as before). */
export const markFollowed: Statement = {
  name: 'mark-followed',
  text: `UPDATE task_chains SET parent_paused = $2, parent_priority = coalesce($3, parent_priority) WHERE chain_id = $1`,
};
