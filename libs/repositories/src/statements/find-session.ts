import type { Statement } from '../pool.js';

// SQL: a function that finds the session before a tenant is known.

/** Finds a session that has not expired by the hash of its token, of whichever tenant. $1 hash. */
export const findSession: Statement = {
  name: 'find-session',
  text: `SELECT session_id, tenant_id, key_hash, identity, expires_at FROM find_session($1)`,
};
