import type { StoredConsent } from '../chain-writer.js';
import type { Queryable } from '../database.js';
import type { Statement } from '../pool.js';

// SQL: rows of two tables, by an index on what waits.

/** A task on which owners of data decide. */
export interface ApprovalRow {
  readonly chain_id: string;
  readonly task_id: string;
  readonly task_type: string;
  readonly params: unknown;
  readonly status: string;
  readonly consent: StoredConsent;
  /** The party that it asked last; null where it asked none. */
  readonly asking: string | null;
  /** Why no policy covers it. */
  readonly reasons: string | null;
}

const COLUMNS = `
  t.chain_id, t.task_id, t.task_type, r.params, t.status, r.metadata -> 'consent' AS consent,
  CASE WHEN t.error ->> 'code' = 'APPROVAL_REQUIRED' THEN t.error #>> '{details,party}' END AS asking,
  CASE WHEN t.error ->> 'code' = 'APPROVAL_REQUIRED' THEN t.error ->> 'message' END AS reasons`;

const waiting: Statement = {
  name: 'waiting-approvals',
  text: `
    SELECT ${COLUMNS}
      FROM chain_tasks t JOIN task_requests r USING (task_request_id)
     WHERE t.error ->> 'code' = 'APPROVAL_REQUIRED' AND r.metadata ? 'consent'
     ORDER BY t.id LIMIT 200`,
};

const ofChain: Statement = {
  name: 'approvals-of-chain',
  text: `
    SELECT ${COLUMNS}
      FROM chain_tasks t JOIN task_requests r USING (task_request_id)
     WHERE t.chain_id = $1 AND r.metadata ? 'consent'
     ORDER BY t.execution_order`,
};

/** Tasks on which the owners of the parties' data decide. */
export const readApprovals = {
  /** Those that asked for a decision, oldest first; 200 at most. */
  waiting: (db: Queryable) => db.query<ApprovalRow>(waiting),
  /** All of a chain, in its order. */
  ofChain: (db: Queryable, chainId: string) => db.query<ApprovalRow>(ofChain, [chainId]),
};
