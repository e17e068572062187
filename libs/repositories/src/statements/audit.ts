import type { Statement } from '../pool.js';

// SQL: the log is chained under a lock, in batches, with hashes and times to the microsecond.

/** A time as the hash has it: UTC, to the microsecond, whatever the session's time zone. */
const exact = (column: string): string => `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** $1 the change as a JSON object. Within the transaction that makes it. */
export const recordChange: Statement = {
  name: 'record-change',
  text: `INSERT INTO outbox (kind, payload) VALUES ('AUDIT', $1::jsonb)`,
};

/** -> whether anything waits for `takeAudit`. */
export const auditWaits: Statement = {
  name: 'audit-waits',
  text: `SELECT FROM outbox WHERE kind = 'AUDIT' LIMIT 1`,
};

/** Takes the end of the log for this transaction -> no row where another one has it. */
export const holdAuditHead: Statement = {
  name: 'hold-audit-head',
  text: `SELECT seq, encode(hash, 'hex') AS hash FROM audit_head FOR UPDATE SKIP LOCKED`,
};

/** $1 limit -> the waiting entries, with the time of the transaction that wrote them. */
export const takeAudit: Statement = {
  name: 'take-audit',
  text: `
    DELETE FROM outbox WHERE id IN (
      SELECT id FROM outbox WHERE kind = 'AUDIT' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING id, tenant_id, payload, ${exact('available_at')} AS at`,
};

/** $1 rows with their hashes, as a JSON array in the order of their numbers. The last one is the new head. */
export const appendAudit: Statement = {
  name: 'append-audit',
  text: `
    WITH row_in AS MATERIALIZED (
      SELECT * FROM json_to_recordset($1::json) AS i(
        seq bigint, tenant_id text, at timestamptz, actor text, address text, request_id text, action text, target text, details jsonb,
        previous_hash text, hash text)
    ), added AS (
      INSERT INTO audit_log (seq, tenant_id, at, actor, address, request_id, action, target, details, previous_hash, hash)
      SELECT seq, tenant_id, at, actor, address, request_id, action, target, details, decode(previous_hash, 'hex'),
             decode(hash, 'hex')
        FROM row_in
    )
    UPDATE audit_head SET (seq, hash) = (SELECT seq, decode(hash, 'hex') FROM row_in ORDER BY seq DESC LIMIT 1)`,
};

export const readAuditHead: Statement = {
  name: 'read-audit-head',
  text: `SELECT seq, encode(hash, 'hex') AS hash FROM audit_head`,
};

/** $1 after this number, $2 limit. */
export const readAudit: Statement = {
  name: 'read-audit',
  text: `
    SELECT seq, tenant_id, ${exact('at')} AS at, actor, address, request_id, action, target, details,
           encode(previous_hash, 'hex') AS previous_hash, encode(hash, 'hex') AS hash
      FROM audit_log WHERE seq > $1 ORDER BY seq LIMIT $2`,
};

export const countAuditWaiting: Statement = {
  name: 'count-audit-waiting',
  text: `SELECT count(*) AS count FROM outbox WHERE kind = 'AUDIT'`,
};
