import type { Statement } from '../pool.js';

// SQL: rows that only people read, and a NOTIFY.

/** $1 kind, $2 chain id, $3 task id, $4 data. */
export const insertRepair: Statement = {
  name: 'insert-repair',
  text: `INSERT INTO repairs (kind, chain_id, task_id, data) VALUES ($1, $2, $3, $4::jsonb)`,
};

/** $1 kind, $2 chain id, $3 data -> a row, unless one of this kind is recorded for the chain. */
export const insertRepairOnce: Statement = {
  name: 'insert-repair-once',
  text: `
    INSERT INTO repairs (kind, chain_id, data) SELECT $1::text, $2::text, $3::jsonb
     WHERE NOT EXISTS (SELECT FROM repairs WHERE kind = $1::text AND chain_id = $2::text) RETURNING id`,
};

/** Tells the dispatchers that there is something to send. */
export const wake: Statement = {
  name: 'wake',
  text: `SELECT pg_notify('task_chain_wake', '')`,
};

/** What is said on the channel of `wake` when there is a signal to deliver. */
export const SIGNAL_WORD = 'signal';

/** Tells the listeners that there is a signal to deliver. */
export const wakeForSignals: Statement = {
  name: 'wake-for-signals',
  text: `SELECT pg_notify('task_chain_wake', '${SIGNAL_WORD}')`,
};
