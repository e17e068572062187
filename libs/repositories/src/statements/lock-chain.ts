import type { Statement } from '../pool.js';

// SQL: it takes a lock and reads nothing.

/** $1 chain id: no other transaction saves it until this one ends. */
export const lockChain: Statement = {
  name: 'lock-chain',
  text: `SELECT FROM task_chains WHERE chain_id = $1 FOR NO KEY UPDATE`,
};
