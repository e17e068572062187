import type { Statement } from '../pool.js';
import { COUNTED_NOW } from './clock.js';

// SQL: replicas share due rows by SKIP LOCKED, every second.

/** Takes at most $1 due rows of kind $3 and hides them for $2 ms: a row is deleted once done, tried again otherwise. */
export const takeOutbox: Statement = {
  name: 'take-outbox',
  text: `
    UPDATE outbox SET available_at = ${COUNTED_NOW} + $2::float8 * interval '1 ms', tries = tries + 1
     WHERE id IN (SELECT id FROM outbox WHERE kind = $3 AND (tries = 0 OR available_at <= ${COUNTED_NOW}) ORDER BY available_at LIMIT $1
                     FOR UPDATE SKIP LOCKED)
    RETURNING id, kind, payload, tries`,
};

/** $1 ids. */
export const deleteOutbox: Statement = {
  name: 'delete-outbox',
  text: `DELETE FROM outbox WHERE id = ANY ($1::bigint[])`,
};
