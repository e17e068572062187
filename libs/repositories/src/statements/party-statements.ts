import type { Statement } from '../pool.js';

// SQL: an insert that replaces only what is older, and a read for every job of a party.

/**
 * Stores a statement unless one as new is there. $1 subject, $2 kind, $3 party, $4 serial, $5 body, $6 JWS, $7 task (of an
 * approval) or origin (of a standing one), $8 by whom -> the row, and whether its subject is new; no row if the stored one is as new, or newer.
 */
export const putStatement: Statement = {
  name: 'put-statement',
  text: `
    INSERT INTO statements AS s (subject, kind, party, serial, body, signed, task, created_by)
    VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8)
        ON CONFLICT (tenant_id, subject) DO UPDATE
       SET serial = EXCLUDED.serial, body = EXCLUDED.body, signed = EXCLUDED.signed, task = EXCLUDED.task, created_at = now(),
           created_by = EXCLUDED.created_by
     WHERE s.serial < EXCLUDED.serial
    RETURNING subject, kind, party, serial, body, signed, created_at, created_by, xmax = 0 AS is_new`,
};

/** Whether statement `s` takes a task back. */
export const IS_WITHDRAWN = `s.kind = 'approval' AND s.body ->> 'decision' IN ('refuse', 'withdraw')`;
/** Whether the party of statement `s` takes part in the task of request `r`: named in a list, or as a member. */
export const TAKES_PART = `(r.params #> '{sf_init_config,parties}') ? s.party`;

/**
 * $1 tenants and $2 parties (pairwise), $3 hashes and origins of tasks, $4 hashes of the tasks that their inputs come from -> the parties'
 * statements, of approvals those of these tasks alone, and those by which other parties took back a task that inputs come from.
 */
export const statementsForTasks: Statement = {
  name: 'statements-for-tasks',
  text: `
    SELECT s.tenant_id, s.party, s.task, s.body, s.signed
      FROM unnest($1::text[], $2::text[]) AS wanted(tenant_id, party)
     CROSS JOIN LATERAL (
       SELECT * FROM statements
        WHERE tenant_id = wanted.tenant_id AND party = wanted.party
          AND (task IS NULL OR task = ANY ($3::text[]) OR task = ANY ($4::text[])) OFFSET 0) AS s
    UNION ALL
    SELECT s.tenant_id, s.party, s.task, s.body, s.signed
      FROM statements s
      JOIN chain_tasks t ON t.tenant_id = s.tenant_id AND t.chain_id = s.body ->> 'chain_id' AND t.task_id = s.body ->> 'task_id'
      JOIN task_requests r USING (task_request_id)
     WHERE s.task = ANY ($4::text[]) AND ${IS_WITHDRAWN} AND r.metadata #>> '{consent,hash}' = s.task AND ${TAKES_PART}`,
};
