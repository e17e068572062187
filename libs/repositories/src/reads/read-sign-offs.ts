import type { Queryable } from '../database.js';
import type { Statement } from '../pool.js';
import { LAG } from '../statements/clock.js';

// SQL: two tables, by an index on what waits.

/** A task that asks somebody to sign off. */
export interface SignOffRow {
  readonly chain_id: string;
  readonly chain_name: string;
  readonly task_id: string;
  readonly task_name: string;
  readonly attempt: number;
  readonly question: string;
  readonly who: readonly string[];
  readonly form: object | null;
  readonly asked_at: string;
  readonly expires_at: string;
}

const COLUMNS = `
  t.chain_id, c.chain_name, t.task_id, t.task_name, t.attempt, t.awaits ->> 'question' AS question, t.awaits -> 'who' AS who,
  t.awaits -> 'form' AS form, t.started_at AS asked_at, t.next_attempt_at + ${LAG} AS expires_at`;

const open: Statement = {
  name: 'open-sign-offs',
  text: `
    SELECT ${COLUMNS} FROM chain_tasks t JOIN task_chains c USING (chain_id)
     WHERE t.hold = 'SIGN_OFF' AND ($1::text[] IS NULL OR t.awaits -> 'who' ?| $1::text[])
     ORDER BY t.id LIMIT 200`,
};

const ofTask: Statement = {
  name: 'sign-off-of-task',
  text: `
    SELECT ${COLUMNS} FROM chain_tasks t JOIN task_chains c USING (chain_id)
     WHERE t.chain_id = $1 AND t.task_id = $2 AND t.hold = 'SIGN_OFF'`,
};

/** Tasks that ask somebody to sign off. */
export const readSignOffs = {
  /** Those that ask one of these, or all; the oldest first, at most 200. */
  open: (db: Queryable, signers: readonly string[] | null) => db.query<SignOffRow>(open, [signers]),
  ofTask: async (db: Queryable, chainId: string, taskId: string) =>
    (await db.query<SignOffRow>(ofTask, [chainId, taskId]))[0],
};
