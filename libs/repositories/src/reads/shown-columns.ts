import { CHILD_CHAIN, FOR_EACH } from '#libs/chain-domain';
import { SETTINGS_OF_T } from '../setting-columns.js';
import { LAG } from '../statements/clock.js';

/** Times in the session's zone, which is UTC (`poolConfig`). */
const iso = (time: string): string => `to_char(${time}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const record = (columns: string): string => `(SELECT row_to_json(shown) FROM (SELECT ${columns}) AS shown)`;
const plain = (table: string, names: readonly string[]) => names.map((name) => [name, `${table}.${name}`] as const);
const times = (table: string, names: readonly string[]) =>
  names.map((name) => [name, iso(`${table}.${name}`)] as const);

type Columns = ReadonlyMap<string, string>;

const CHAIN_COLUMNS: Columns = new Map([
  ...plain('c', ['chain_id', 'chain_name', 'chain_type', 'description', 'status', 'execution_id', 'epoch', 'version']),
  ...plain('c', ['total_tasks', 'completed_tasks', 'failed_tasks', 'skipped_tasks', 'cancelled_tasks']),
  ...times('c', ['created_at', 'started_at', 'completed_at', 'updated_at']),
  ['deadline_at', iso(`c.deadline_at + ${LAG}`)],
  ...plain('c', [
    'created_by',
    'metadata',
    'labels',
    'template_id',
    'template_version',
    'schedule_id',
    'compensates',
    'compensated_by',
    'parent_chain_id',
    'parent_task_id',
    'parent_turn',
    'max_parallel',
    'concurrency_key',
    'concurrency_limit',
  ]),
  ['scheduled_at', iso('c.scheduled_at')],
  [
    'progress',
    `CASE c.total_tasks WHEN 0 THEN 0 ELSE
      round(10000 * (c.completed_tasks + c.failed_tasks + c.skipped_tasks + c.cancelled_tasks)::numeric / c.total_tasks)::float8 / 100
     END`,
  ],
  ['error', 'c.error'],
  ['ended_by', 'c.ended_by'],
]);

/** What a chain gives back: values of results that everybody reads who reads the chain; null until it has ended. */
export const OUTPUTS = `
  CASE WHEN c.outputs IS NOT NULL AND c.status IN ('SUCCESS', 'FAILURE', 'CANCELLED') THEN (
    SELECT jsonb_object_agg(output.key, (
             SELECT o.result #> ARRAY(SELECT jsonb_array_elements_text(output.value -> 'path'))
               FROM chain_tasks o WHERE o.chain_id = c.chain_id AND o.task_id = output.value ->> 'task_id'))
      FROM jsonb_each(c.outputs) AS output)
  END`;
/** Of one chain: results may be large. */
const WHOLE_CHAIN_COLUMNS: Columns = new Map([...CHAIN_COLUMNS, ['outputs', OUTPUTS]]);

/** Results in clear belong to a party whose folder nobody has claimed: whoever `may` not read them gets the reason. */
const partyResults = (may: string): string => `
  CASE WHEN t.party_results IS NOT NULL THEN (
    SELECT coalesce(jsonb_object_agg(result.key, CASE WHEN result.value ? 'value' AND NOT ${may} THEN jsonb_build_object('withheld',
             'Nobody has claimed the folder of the party: only admins, and keys of the party, read this at the task itself.')
             ELSE result.value END), '{}')
      FROM jsonb_each(t.party_results) AS result)
  END`;

/** A task whose condition was false was never sent, so its last attempt does not count. The row keeps it: attempts only grow, by which late reports are known. */
const ATTEMPT = `CASE WHEN t.skip_reason = 'CONDITION' THEN greatest(t.attempt - 1, 0) ELSE t.attempt END`;

/** The chain that the task runs, or ran last. */
const CHILD = `
  CASE WHEN t.task_type IN ('${CHILD_CHAIN}', '${FOR_EACH}') THEN (
    SELECT child.chain_id FROM task_chains child
     WHERE child.parent_chain_id = t.chain_id AND child.parent_position = t.execution_order
     ORDER BY child.parent_attempt DESC LIMIT 1)
  END`;

/** Who reads tasks in their chain: nobody reads results of parties in clear there. */
export const TASKS_READER = 'false';

const taskColumns = (mayRead: string): Columns =>
  new Map([
    ...plain('t', ['task_id', 'task_request_id', 'task_name', 'task_type', 'execution_mode', 'depends_on']),
    ...plain('t', ['is_callback', 'status', 'execution_order', 'level', 'priority']),
    ['attempt', ATTEMPT],
    ...plain('t', ['failures', 'losses']),
    ...plain('t', ['worker_id', 'trigger_rule', 'conditions']),
    ...SETTINGS_OF_T.split(', ').map((column) => [column.replace(/^t\./, ''), column] as const),
    ...plain('t', ['hold', 'concurrency_key', 'concurrency_limit', 'skip_reason']),
    ...times('t', ['created_at', 'queued_at', 'started_at', 'completed_at']),
    ...plain('t', ['progress', 'progress_stage', 'result']),
    ['party_results', partyResults(mayRead)],
    ['error', 't.error'],
    ['child_chain_id', CHILD],
  ]);

/** The fields of a chain that `GET /chains` can be limited to. */
export const CHAIN_FIELDS: readonly string[] = [...CHAIN_COLUMNS.keys()];
/** Those of `GET /chains/{chain_id}`. */
export const WHOLE_CHAIN_FIELDS: readonly string[] = [...WHOLE_CHAIN_COLUMNS.keys()];
/** The fields of a task, but for `waiting`, which the API adds. */
export const TASK_FIELDS: readonly string[] = [...taskColumns(TASKS_READER).keys()];

/** A `ChainSummaryDto` as JSON: of table `c`, all of it, or its id and these fields alone. Other names are ignored. */
export const chainJson = (fields?: readonly string[]): string =>
  `${record(chosen(CHAIN_COLUMNS, 'chain_id', fields))}::text`;

/** As `chainJson`, with the outputs of the chain. */
export const wholeChainJson = (fields?: readonly string[]): string =>
  `${record(chosen(WHOLE_CHAIN_COLUMNS, 'chain_id', fields))}::text`;

/** A `TaskDto` without `waiting` as JSON: of table `t`, all of it, or its id and these fields alone. `more` columns follow. */
export const taskJson = (mayRead: string, more = '', fields?: readonly string[]): string =>
  `${record(chosen(taskColumns(mayRead), 'task_id', fields) + more)}::text`;

function chosen(columns: Columns, id: string, fields?: readonly string[]): string {
  const wanted = fields && new Set([id, ...fields]);
  const named = [...columns].filter(([name]) => wanted?.has(name) ?? true);
  return named.map(([name, expression]) => `${expression} AS ${name}`).join(', ');
}

/** What the reason why a task of table `t` waits is read from. */
export const WAITS = `
  CASE WHEN t.status IN ('PENDING', 'READY', 'QUEUED', 'RETRYING') THEN ${record(`
    t.task_id, t.task_type, t.status, t.depends_on, t.trigger_rule, t.succeeded_dependencies, t.hold, t.concurrency_key,
    t.concurrency_limit, t.failures, ${iso(`t.next_attempt_at + ${LAG}`)} AS next_attempt_at, t.error, t.awaits - ARRAY['schema', 'form'] AS awaits`)}
  END AS waits`;
