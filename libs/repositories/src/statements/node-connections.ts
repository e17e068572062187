import type { Statement } from '../pool.js';

// SQL: functions of a role that sees no row.

/** $1 tenant, $2 fingerprint, $3 party, $4 connection, $5 protocol version, $6 software version, $7 address -> OK, or why not. */
export const connectNode: Statement = {
  name: 'connect-node',
  text: `SELECT connect_node($1, $2, $3, $4, $5, $6, $7) AS verdict`,
};

/** $1 connections, $2 their round trips, ms or null -> those that count no longer. */
export const holdNodes: Statement = {
  name: 'hold-nodes',
  text: `SELECT connection, ended FROM hold_nodes($1::uuid[], $2::real[])`,
};

/** $1 connection. */
export const releaseNode: Statement = { name: 'release-node', text: `SELECT release_node($1)` };
