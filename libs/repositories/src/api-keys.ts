import type { Queryable } from './database.js';
import type { Statement } from './pool.js';

/** A key as it may be shown: never what it is made of. */
export interface ApiKey {
  key_id: string;
  name: string;
  role: string;
  created_at: string;
  created_by: string | null;
  expires_at: string;
  revoked_at: string | null;
  /** To the minute. */
  last_used_at: string | null;
}

const COLUMNS = 'key_id, name, role, created_at, created_by, expires_at, revoked_at, last_used_at';

const insert: Statement = {
  name: 'insert-api-key',
  text: `
    INSERT INTO api_keys (key_id, name, role, key_hash, created_by, expires_at)
    VALUES ($1, $2, $3, $4, $5, now() + $6::int * interval '1 day') RETURNING ${COLUMNS}`,
};
const list: Statement = {
  name: 'list-api-keys',
  text: `SELECT ${COLUMNS} FROM api_keys ORDER BY created_at, key_id`,
};
const revoke: Statement = {
  name: 'revoke-api-key',
  text: `UPDATE api_keys SET revoked_at = now() WHERE key_id = $1 AND revoked_at IS NULL RETURNING ${COLUMNS}`,
};
/** Not one that has expired meanwhile. */
const restore: Statement = {
  name: 'restore-api-key',
  text: `UPDATE api_keys SET revoked_at = NULL
          WHERE key_id = $1 AND revoked_at > now() - interval '1 day' AND expires_at > now() RETURNING ${COLUMNS}`,
};
/** A key that counts, of whichever tenant, and a note that it was used: at most one write a minute. $1 hash. */
const use: Statement = {
  name: 'use-api-key',
  text: `SELECT key_id, tenant_id, role, expires_at FROM use_api_key($1)`,
};

/** Keys by which programs sign in. A key is known by its SHA-256 alone. */
export const apiKeys = {
  insert: async (
    db: Queryable,
    id: string,
    key: { readonly name: string; readonly role: string; readonly hash: Buffer; readonly days: number },
    createdBy: string | null,
  ) => (await db.query<ApiKey>(insert, [id, key.name, key.role, key.hash, createdBy, key.days]))[0]!,
  /** Revoked and expired ones too. */
  list: (db: Queryable) => db.query<ApiKey>(list),
  /** undefined: there is none that counts. */
  revoke: async (db: Queryable, id: string) => (await db.query<ApiKey>(revoke, [id]))[0],
  /** undefined: none was revoked within a day and would still count. */
  restore: async (db: Queryable, id: string) => (await db.query<ApiKey>(restore, [id]))[0],
  /** The key of this hash, with its tenant; undefined where there is none, or it has expired or was revoked. */
  use: async (db: Queryable, hash: Buffer) =>
    (await db.query<Pick<ApiKey, 'key_id' | 'role' | 'expires_at'> & { tenant_id: string }>(use, [hash]))[0],
};
