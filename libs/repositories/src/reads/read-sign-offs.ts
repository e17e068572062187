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

/** $1 signers (null: whoever), $2 chain and $3 task (null: any). */
const open: Statement = {
  name: 'open-sign-offs',
  text: `
    SELECT ${COLUMNS} FROM chain_tasks t JOIN task_chains c USING (chain_id)
     WHERE t.hold = 'SIGN_OFF' AND ($1::text[] IS NULL OR t.awaits -> 'who' ?| $1::text[])
       AND ($2::text IS NULL OR t.chain_id = $2) AND ($3::text IS NULL OR t.task_id = $3)
     ORDER BY t.id LIMIT 200`,
};

/** Which tasks that ask somebody are read; without anything, all. */
interface SignOffFilter {
  /** Those that ask one of these. */
  readonly signers?: readonly string[] | undefined;
  readonly chainId?: string | undefined;
  readonly taskId?: string | undefined;
}

/** Tasks that ask somebody to sign off, the oldest first, at most 200. */
export const readSignOffs = (db: Queryable, { signers, chainId, taskId }: SignOffFilter): Promise<SignOffRow[]> =>
  db.query<SignOffRow>(open, [signers, chainId, taskId]);
