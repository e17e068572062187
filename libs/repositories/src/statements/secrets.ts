import type { Statement } from '../pool.js';

// SQL: functions of roles that see no row, and an upsert that returns whether it replaced one.

/**
 * A list that is not named stays as it was; of a secret that was not there, or was removed, it is the default. `xmax`
 * tells whether a value was replaced. $1 name, $2 key, $3 sealed value, $4 by whom, $5 task types, $6 keys (null: not named).
 */
export const putSecret: Statement = {
  name: 'put-secret',
  text: `
    INSERT INTO secrets AS s (name, key_id, sealed, updated_by, task_types, keys)
    VALUES ($1, $2, $3, $4, coalesce($5::text[], '{*}'), coalesce($6::text[], '{}'))
    ON CONFLICT (tenant_id, name) DO UPDATE
      SET key_id = excluded.key_id, wrapped_key = NULL, sealed = excluded.sealed,
          task_types = CASE WHEN s.deleted_at IS NULL AND $5 IS NULL THEN s.task_types ELSE excluded.task_types END,
          keys = CASE WHEN s.deleted_at IS NULL AND $6 IS NULL THEN s.keys ELSE excluded.keys END,
          updated_by = excluded.updated_by, updated_at = now(), deleted_at = NULL
    RETURNING name, task_types, keys, created_at, updated_at, updated_by, xmax <> 0 AS replaced`,
};

/** The worker's role may call this function alone. It notes each secret that it gives in the audit log. $1 task request id, $2 type, $3 names. */
export const secretsOfTask: Statement = {
  name: 'secrets-of-task',
  text: `SELECT name, tenant_id, key_id, wrapped_key, sealed FROM secrets_of_task($1, $2, $3::varchar[])`,
};

/** Roles that see no secret may call this function. */
export const secretsAreUsed: Statement = { name: 'secrets-are-used', text: `SELECT secrets_are_used() AS used` };
