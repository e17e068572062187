import type { Statement } from '../pool.js';

/** $1 kind, $2 chain id, $3 task id, $4 data. */
export const insertRepair: Statement = {
  name: 'insert-repair',
  text: `INSERT INTO repairs (kind, chain_id, task_id, data) VALUES ($1, $2, $3, $4::jsonb)`,
};

/** Tells the dispatchers that there is something to send. */
export const wake: Statement = {
  name: 'wake',
  text: `SELECT pg_notify('task_chain_wake', '')`,
};
