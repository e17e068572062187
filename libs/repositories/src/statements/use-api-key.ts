import type { Statement } from '../pool.js';

/**
 * SQL since it calls a function: whose key it is is found before a tenant is known, and its use is noted in the same statement, at
 * most once a minute. $1 hash.
 */
export const useApiKey: Statement = {
  name: 'use-api-key',
  text: `SELECT key_id, tenant_id, role, expires_at FROM use_api_key($1)`,
};
