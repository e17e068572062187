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
  'no-fencing': { what: 'a report counts for whatever attempt its task is in', seed: 5 },
  'lost-lease-not-resent': { what: 'a QUEUED task whose job is gone only has its lease renewed', seed: 19 },
  'sent-before-commit': { what: 'jobs are sent before the save that dispatches them', seed: 0 },
  'no-version-check': {
    what: 'a save does not look at the version it was decided on',
    seed: 0,
    sql: [SAVE, 'AND c.version = i.version AND i.changed', 'AND i.changed'],
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
  'run-not-checked': {
    what: 'the first run of an attempt is not remembered',
    seed: 6,
    sql: ['load-hop', 't.attempt, t.run_id,', 't.attempt, NULL::text AS run_id,'],
  },
  'torn-read-not-repeated': {
    what: 'a decision that stands on a torn read is not made again',
    seed: 10,
    sql: ['load-all-tasks', 't.changed_version', '0 AS changed_version'],
  },
  'limit-not-read': {
    what: 'a command or a repair admits beyond max_parallel',
    seed: 0,
    sql: ['load-chains', 'admitted_tasks, max_parallel,', 'admitted_tasks, NULL::int AS max_parallel,'],
  },
  'promoted-without-admission': {
    what: 'a task whose backoff is over is held although its chain has a place for it',
    seed: 11,
    sql: [PROMOTE, 'locked.places IS NULL OR', 'false AND locked.places IS NULL OR false AND'],
  },
  'approvals-never-expire': {
    what: 'a task for which no approval comes waits for ever',
    seed: 31,
    sql: ['overdue-approvals', `hold = 'APPROVAL'`, `hold = 'NOBODY'`],
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
