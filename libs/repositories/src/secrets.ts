import type { Queryable } from './database.js';
import type { Statement } from './pool.js';

/** A secret as it may be shown: never its value. */
export interface SecretView {
  name: string;
  created_at: string;
  updated_at: string;
  updated_by: string | null;
}

/** A secret as it is stored. */
export interface SecretRow {
  name: string;
  tenant_id: string;
  key_id: string;
  wrapped_key: Buffer;
  sealed: Buffer;
}

type Sealed = Pick<SecretRow, 'key_id' | 'wrapped_key' | 'sealed'>;

const VIEW = 'name, created_at, updated_at, updated_by';
const put: Statement = {
  name: 'put-secret',
  text: `
    INSERT INTO secrets (name, key_id, wrapped_key, sealed, updated_by) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id, name) DO UPDATE
      SET key_id = excluded.key_id, wrapped_key = excluded.wrapped_key, sealed = excluded.sealed,
          updated_by = excluded.updated_by, updated_at = now(), deleted_at = NULL
    RETURNING ${VIEW}, xmax <> 0 AS replaced`,
};
const list: Statement = {
  name: 'list-secrets',
  text: `SELECT ${VIEW} FROM secrets WHERE deleted_at IS NULL ORDER BY name`,
};
/** Kept for a day, sealed, and given to no task. */
const remove: Statement = {
  name: 'delete-secret',
  text: `UPDATE secrets SET deleted_at = now() WHERE name = $1 AND deleted_at IS NULL RETURNING ${VIEW}`,
};
const restore: Statement = {
  name: 'restore-secret',
  text: `UPDATE secrets SET deleted_at = NULL WHERE name = $1 AND deleted_at > now() - interval '1 day' RETURNING ${VIEW}`,
};
/** Removes those that were deleted a day ago, and tells the audit log. */
const forget: Statement = {
  name: 'forget-secrets',
  text: `
    WITH gone AS (
      DELETE FROM secrets WHERE deleted_at <= now() - interval '1 day' RETURNING tenant_id, name
    )
    INSERT INTO outbox (tenant_id, kind, payload)
    SELECT tenant_id, 'AUDIT', jsonb_build_object(
             'actor', 'retention', 'address', '-', 'request_id', '-', 'action', 'removeSecret', 'target', name,
             'details', '{}'::jsonb)
      FROM gone`,
};
const ofTask: Statement = {
  name: 'secrets-of-task',
  text: `SELECT name, tenant_id, key_id, wrapped_key, sealed FROM secrets_of_task($1, $2::varchar[])`,
};
const used: Statement = { name: 'secrets-are-used', text: `SELECT secrets_are_used() AS used` };
const countUnder: Statement = {
  name: 'count-secrets-under-key',
  text: `SELECT count(*) AS count FROM secrets WHERE key_id = $1`,
};
/** $1 key that need not be changed. Those that were removed and can be restored, too. */
const underOther: Statement = {
  name: 'secrets-under-other-keys',
  text: `SELECT name, tenant_id, key_id, wrapped_key, sealed, deleted_at IS NOT NULL AS removed FROM secrets WHERE key_id <> $1`,
};
/** $1 tenant, $2 name, $3 key, $4 wrapped, $5 as it was wrapped before: what was put meanwhile is left alone. */
const rewrap: Statement = {
  name: 'rewrap-secret',
  text: `UPDATE secrets SET key_id = $3, wrapped_key = $4 WHERE tenant_id = $1 AND name = $2 AND wrapped_key = $5 RETURNING name`,
};

/** What tasks name and only workers learn. */
export const secrets = {
  /** `replaced`: there was one of this name, whose value is gone. */
  put: async (db: Queryable, name: string, sealed: Sealed, by: string | null) =>
    (
      await db.query<SecretView & { replaced: boolean }>(put, [
        name,
        sealed.key_id,
        sealed.wrapped_key,
        sealed.sealed,
        by,
      ])
    )[0]!,
  list: (db: Queryable) => db.query<SecretView>(list),
  /** undefined: there is none. */
  remove: async (db: Queryable, name: string) => (await db.query<SecretView>(remove, [name]))[0],
  /** undefined: none was deleted within a day. */
  restore: async (db: Queryable, name: string) => (await db.query<SecretView>(restore, [name]))[0],
  forget: (db: Queryable) => db.query(forget),
  /** As the worker: those of these names that the task, which must be in flight, asks for. */
  ofTask: (db: Queryable, taskRequestId: string, names: readonly string[]) =>
    db.query<SecretRow>(ofTask, [taskRequestId, names]),
  /** Whether any tenant has one. */
  used: async (db: Queryable) => (await db.query<{ used: boolean }>(used))[0]!.used,
  countUnder: async (db: Queryable, keyId: string) =>
    (await db.query<{ count: number }>(countUnder, [keyId]))[0]!.count,
  underOther: (db: Queryable, keyId: string) => db.query<SecretRow & { removed: boolean }>(underOther, [keyId]),
  /** false: it was changed meanwhile. */
  rewrap: async (db: Queryable, row: SecretRow, wrapped: Omit<Sealed, 'sealed'>) => {
    const values = [row.tenant_id, row.name, wrapped.key_id, wrapped.wrapped_key, row.wrapped_key];
    return (await db.query(rewrap, values)).length > 0;
  },
};
