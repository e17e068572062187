import type { Queryable } from '#libs/repositories';

type Statement = Parameters<Queryable['query']>[0];

/** A known bug that can be planted, to show that the simulation finds it. */
export interface Planted {
  readonly what: string;
  /** A schedule that finds it; one of the next few does where the code has changed since. */
  readonly seed: number;
  /** The statement, and what is written in it in place of what. Without: what carries reports or saves has the bug. */
  readonly sql?: readonly [statement: string, from: string, to: string];
}

const plant = <Name extends string>(bugs: Record<Name, Planted>): Record<Name, Planted> => bugs;

const SAVE = 'save-decisions';
const CLAIM = 'claim-ready';
const PROMOTE = 'promote-due';

/** By name. The product has no switch: the text of a statement is changed on its way to PostgreSQL. */
export const BUGS = plant({
  'no-fencing': { what: 'a report counts for whatever attempt its task is in', seed: 58 },
  'lost-lease-not-resent': { what: 'a QUEUED task whose job is gone only has its lease renewed', seed: 51 },
  'sent-before-commit': { what: 'jobs are sent before the save that dispatches them', seed: 0 },
  'no-version-check': {
    what: 'a save does not look at the version it was decided on',
    seed: 0,
    sql: [SAVE, 'AND c.version = i.version AND i.changed', 'AND i.changed'],
  },
  'event-of-another-version': {
    what: 'events that change nothing are stored although their chain has moved on',
    seed: 27,
    sql: [SAVE, 'WHERE c.chain_id = i.chain_id) = i.version', 'WHERE c.chain_id = i.chain_id) >= i.version'],
  },
  'counter-off-by-one': {
    what: 'a save counts one success too many when a task ends beside another',
    seed: 3,
    sql: [
      SAVE,
      'completed_tasks = i.completed,',
      `completed_tasks = i.completed + (SELECT (count(*) > 1)::int FROM task_in WHERE status = 'SUCCESS'),`,
    ],
  },
  'result-kept-by-retry': {
    what: 'a rerun keeps the result of the run before it',
    seed: 0,
    sql: [
      SAVE,
      `result = CASE WHEN i.status = 'SUCCESS' THEN coalesce(i.result, t.result) END`,
      'result = coalesce(i.result, t.result)',
    ],
  },
  'losses-kept-by-retry': {
    what: 'a retry keeps the losses of before',
    seed: 111,
    sql: [SAVE, 'losses = i.losses', 'losses = greatest(i.losses, t.losses)'],
  },
  'no-stop-row': {
    what: 'no signal is stored for the worker of a task that is stopped',
    seed: 0,
    sql: [
      SAVE,
      'tenant_id text, kind text, payload jsonb)\n       WHERE',
      `tenant_id text, kind text, payload jsonb)\n       WHERE i.kind <> 'STOP' AND`,
    ],
  },
  'no-notice-of-cancelled': {
    what: 'the webhooks of a cancelled chain get no notice',
    seed: 0,
    sql: [
      SAVE,
      'tenant_id text, kind text, payload jsonb)\n       WHERE',
      `tenant_id text, kind text, payload jsonb)\n       WHERE i.payload ->> 'type' IS DISTINCT FROM 'chain.cancelled' AND`,
    ],
  },
  'attempt-without-run': {
    what: 'the history of a lost attempt does not keep its run',
    seed: 6,
    sql: [
      SAVE,
      'i.attempt, i.run_id, coalesce(i.worker_id, t.worker_id)',
      `i.attempt, CASE WHEN i.outcome <> 'LOST' THEN i.run_id END, coalesce(i.worker_id, t.worker_id)`,
    ],
  },
  'run-not-checked': {
    what: 'the first run of an attempt is not remembered',
    seed: 6,
    sql: ['load-hop', 't.attempt, t.run_id,', 't.attempt, NULL::text AS run_id,'],
  },
  'torn-read-not-repeated': {
    what: 'a decision that stands on a torn read is not made again',
    seed: 106,
    sql: ['load-all-tasks', 't.changed_version', '0 AS changed_version'],
  },
  'limit-not-read': {
    what: 'a command or a repair admits beyond max_parallel',
    seed: 0,
    sql: ['load-chains', 'admitted_tasks, max_parallel,', 'admitted_tasks, NULL::int AS max_parallel,'],
  },
  'held-tasks-claimed': {
    what: 'a claim sends tasks of paused chains',
    seed: 1,
    sql: [
      CLAIM,
      `WHERE t.status = 'READY' AND t.hold IS NULL AND t.concurrency_key IS NULL AND t.task_type = share.task_type`,
      `WHERE t.status = 'READY' AND t.task_type = share.task_type`,
    ],
  },
  'claim-of-old-version': {
    what: 'a claim leaves the version of its chains',
    seed: 0,
    sql: [CLAIM, 'SET version = c.version + 1', 'SET version = c.version'],
  },
  'promoted-without-admission': {
    what: 'a task whose backoff is over is held although its chain has a place for it',
    seed: 11,
    sql: [PROMOTE, 'locked.places IS NULL OR', 'false AND locked.places IS NULL OR false AND'],
  },
  'promoted-beyond-limit': {
    what: 'tasks whose backoff is over are admitted beyond max_parallel',
    seed: 1,
    sql: [PROMOTE, 'locked.places IS NULL OR', 'true OR locked.places IS NULL OR'],
  },
  'end-not-read': {
    what: 'a success does not end its chain although its condition holds',
    seed: 20,
    sql: ['load-hop', 't.end_chain', 'NULL::jsonb AS end_chain'],
  },
  'approvals-never-expire': {
    what: 'a task for which no approval comes waits for ever',
    seed: 40,
    sql: ['overdue-approvals', `hold = 'APPROVAL'`, `hold = 'NOBODY'`],
  },
  'waits-never-end': {
    what: 'a control task that waits for a time waits for ever',
    seed: 3,
    sql: ['overdue-holds', `hold IN ('WAIT'`, `hold IN ('NOBODY'`],
  },
  'opening-lost': {
    what: 'a control task whose listener died before it opened it is left',
    seed: 75,
    sql: ['expired-leases', 'lease_until <', `task_type NOT IN ('wait', 'sign_off') AND lease_until <`],
  },
  'hold-not-stored': {
    what: 'a control task that was opened is kept as one whose backoff goes on',
    seed: 3,
    sql: [SAVE, 'hold = i.hold', `hold = nullif(i.hold, 'WAIT')`],
  },
  'signal-kept': {
    what: 'a signal that a task got is there for another one',
    seed: 39,
    sql: ['settle-signals', `AND s.status = 'STORED'`, 'AND false'],
  },
  'signal-of-another-key': {
    what: 'a task gets a signal that was sent with another key',
    seed: 55,
    sql: ['match-signals', `t.awaits ->> 'key' = met.key`, 'true'],
  },
  'signals-left': {
    what: 'signals are stored and reach no task',
    seed: 39,
    sql: ['lock-signals', 's.signal_id = ANY ($1::text[])', 'false'],
  },
  'sign-offs-never-expire': {
    what: 'a task that nobody signs off waits for ever',
    seed: 31,
    sql: ['overdue-holds', `'SIGN_OFF'`, `'NOBODY'`],
  },
  'results-of-others': {
    what: 'a for_each collects what no instance of it gave',
    seed: 29,
    sql: ['load-results', 't.run_id, t.result', `t.run_id, to_jsonb('another'::text) AS result`],
  },
  'child-made-again': {
    what: 'a child that failed is made anew in place of going on',
    seed: 118,
    sql: ['last-child', 'WHERE parent_chain_id = $1', `WHERE status = 'SUCCESS' AND parent_chain_id = $1`],
  },
  'end-of-child-not-told': {
    what: 'the end of a child does not reach its parent',
    seed: 2,
    sql: ['ended-children', `hold = 'CHILD'`, `hold = 'NOBODY'`],
  },
  'end-of-any-child': {
    what: 'the end of a child counts although it runs for another attempt',
    seed: 114,
    sql: ['ended-children', 'AND c.parent_attempt = t.attempt', ''],
  },
  'child-left-alone': {
    what: 'a child goes on although its task does not wait for it any more',
    seed: 22,
    sql: ['stray-children', `THEN 'CancelChain'`, 'THEN NULL'],
  },
  'turns-not-counted': {
    what: 'a turn of a loop begins again',
    seed: 106,
    sql: ['ended-children', 'c.parent_turn AS turn', '1 AS turn'],
  },
  'results-of-list-in-outputs': {
    what: 'a for_each over a result gives the outputs of its chain in place of the list',
    seed: 158,
    sql: ['ended-children', 'r.child, r.lists', 'r.child, false AS lists'],
  },
  'list-written-out-again': {
    what: 'a for_each over a result that is retried begins with all instances again',
    seed: 90,
    sql: ['last-child', 'parent_args = $3::jsonb AS same', 'parent_args = $3::jsonb AND false AS same'],
  },
  'undone-and-retried': {
    what: 'a chain that was undone can be run again',
    seed: 68,
    sql: ['mark-compensated', 'WHERE chain_id = $1', 'WHERE false AND chain_id = $1 AND $2::text IS NOT NULL'],
  },
  'undone-in-the-first-order': {
    what: 'what succeeded first is undone first',
    seed: 140,
    sql: ['load-compensation', 't.level DESC, t.execution_order DESC', 't.level, t.execution_order'],
  },
  'end-by-report-not-undone': {
    what: 'a chain that a report ends is not undone',
    seed: 140,
    sql: ['load-hop', 'c.compensation IS NOT NULL AS c_compensates', 'false AS c_compensates'],
  },
  'other-tenants-told': {
    what: 'the webhooks of other tenants hear of the end of a chain',
    seed: 0,
    sql: ['spread-notices', 'ON w.tenant_id = taken.tenant_id AND w.enabled', 'ON w.enabled'],
  },
  'first-page-raised': {
    what: 'only the first chains get higher attempts after a restore',
    seed: 55,
    sql: ['raise-attempts', 'SELECT max(id) AS last_id FROM page', 'SELECT NULL::bigint AS last_id'],
  },
});
export type Bug = keyof typeof BUGS;

/** The statement with the bugs that are planted in it. Throws where it no longer has the text that a bug changes. */
export function planted(statement: Statement, bugs: ReadonlySet<Bug>): Statement {
  let { name, text } = statement;
  for (const bug of bugs) {
    const { sql } = BUGS[bug];
    if (sql === undefined || sql[0] !== statement.name) continue;
    const [, from, to] = sql;
    if (!text.includes(from)) throw new Error(`${statement.name} has no "${from}": plant ${bug} elsewhere`);
    text = text.replace(from, () => to);
    name += `-${bug}`;
  }
  return { name, text };
}
