import type { Statement } from '../pool.js';

// SQL: a function that finds the key before a tenant is known.

/**
 * Finds a key by its hash, of whichever tenant, and notes its use at most once a minute. $1 hash.
 */
export const useApiKey: Statement = {
  name: 'use-api-key',
  text: `SELECT key_id, tenant_id, role, expires_at, party FROM use_api_key($1)`,
};

/** $1 hash of a key that opens nothing -> whose it is, and why; no row for one that never was. */
export const refusedApiKey: Statement = {
  name: 'refused-api-key',
  text: `SELECT key_id, tenant_id, reason FROM refused_api_key($1)`,
};
