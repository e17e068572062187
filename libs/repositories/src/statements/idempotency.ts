import type { Statement } from '../pool.js';

/**
 * $1 scope, $2 key, $3 hash, $4 answer (its `created_at` is filled in) -> nothing when the key is taken. Waits for a
 * writer of the same key.
 */
export const insertIdempotencyKey: Statement = {
  name: 'insert-idempotency-key',
  text: `
    INSERT INTO idempotency_keys (scope, idempotency_key, request_hash, response) VALUES ($1, $2, $3, $4::jsonb || jsonb_build_object('created_at', now()))
    ON CONFLICT DO NOTHING RETURNING idempotency_key`,
};

/** $1 scope, $2 key. */
export const findIdempotencyKey: Statement = {
  name: 'find-idempotency-key',
  text: `SELECT request_hash, response FROM idempotency_keys WHERE scope = $1 AND idempotency_key = $2`,
};

/** $1 scope, $2 key, $3 answer. */
export const setIdempotencyAnswer: Statement = {
  name: 'set-idempotency-answer',
  text: `UPDATE idempotency_keys SET response = $3::jsonb WHERE scope = $1 AND idempotency_key = $2`,
};

/** $1 scope, $2 key, $3 hash, $4 seconds -> a row when its request has been at work for longer than that. */
export const takeOverIdempotencyKey: Statement = {
  name: 'take-over-idempotency-key',
  text: `
    UPDATE idempotency_keys SET created_at = clock_timestamp()
     WHERE scope = $1 AND idempotency_key = $2 AND request_hash = $3 AND (response ->> 'in_use')::boolean
       AND created_at < clock_timestamp() - $4::float8 * interval '1 s'
    RETURNING idempotency_key`,
};

/** $1 scope, $2 key. */
export const freeIdempotencyKey: Statement = {
  name: 'free-idempotency-key',
  text: `DELETE FROM idempotency_keys WHERE scope = $1 AND idempotency_key = $2`,
};
