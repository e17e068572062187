import type { Statement } from '../pool.js';

// SQL: functions of roles that see no row, and an upsert that returns whether it replaced one.

/** `xmax` shows whether a value was replaced. $1 name, $2 key, $3 wrapped data key, $4 sealed value, $5 by whom. */
export const putSecret: Statement = {
  name: 'put-secret',
  text: `
    INSERT INTO secrets (name, key_id, wrapped_key, sealed, updated_by) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (tenant_id, name) DO UPDATE
      SET key_id = excluded.key_id, wrapped_key = excluded.wrapped_key, sealed = excluded.sealed,
          updated_by = excluded.updated_by, updated_at = now(), deleted_at = NULL
    RETURNING name, created_at, updated_at, updated_by, xmax <> 0 AS replaced`,
};

/** The worker's role may call this function alone. $1 task request id, $2 names. */
export const secretsOfTask: Statement = {
  name: 'secrets-of-task',
  text: `SELECT name, tenant_id, key_id, wrapped_key, sealed FROM secrets_of_task($1, $2::varchar[])`,
};

/** Roles that see no secret may call this function. */
export const secretsAreUsed: Statement = { name: 'secrets-are-used', text: `SELECT secrets_are_used() AS used` };
