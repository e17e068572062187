import type { StoredConsent } from '../chain-writer.js';
import type { Queryable } from '../database.js';
import type { Statement } from '../pool.js';
import { IS_WITHDRAWN, TAKES_PART } from '../statements/party-statements.js';

// SQL: rows of three tables, by an index on what waits.

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
  /** How that party's owner states approvals, `signed` or `server`; null from a worker that does not say it. */
  readonly approvals: string | null;
  /** Why no policy covers it. */
  readonly reasons: string | null;
  /** When it asked last. */
  readonly asked_at: string | null;
}

const COLUMNS = `
  t.chain_id, t.task_id, t.task_type, r.params, t.status, r.metadata -> 'consent' AS consent,
  CASE WHEN t.error ->> 'code' = 'APPROVAL_REQUIRED' THEN t.error #>> '{details,party}' END AS asking,
  CASE WHEN t.error ->> 'code' = 'APPROVAL_REQUIRED' THEN t.error #>> '{details,approvals}' END AS approvals,
  CASE WHEN t.error ->> 'code' = 'APPROVAL_REQUIRED' THEN t.error ->> 'message' END AS reasons,
  CASE WHEN t.error ->> 'code' = 'APPROVAL_REQUIRED' THEN (
    SELECT max(a.finished_at) FROM task_attempts a
     WHERE a.task_request_id = t.task_request_id AND a.error ->> 'code' = 'APPROVAL_REQUIRED') END AS asked_at`;

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

/** Tasks of a whole and of all chains within it that wait for an approval or are under way. $1 chain, $2 schedule: one of them is null. */
const ofWhole: Statement = {
  name: 'approvals-of-whole',
  text: `
    WITH RECURSIVE whole AS (
      SELECT chain_id FROM task_chains
       WHERE (chain_id = $1 OR schedule_id = $2) AND status IN ('RUNNING', 'PAUSED')
      UNION ALL
      SELECT c.chain_id FROM task_chains c JOIN whole ON c.parent_chain_id = whole.chain_id
       WHERE c.status IN ('RUNNING', 'PAUSED'))
    SELECT ${COLUMNS}
      FROM whole JOIN chain_tasks t USING (chain_id) JOIN task_requests r USING (task_request_id)
     WHERE (t.status IN ('QUEUED', 'RUNNING') OR t.hold = 'APPROVAL') AND r.metadata ? 'consent'
     ORDER BY t.chain_id, t.execution_order`,
};

/** Decisions by which an owner takes a task back, of owners who take part in it: others decide nothing. */
const withdrawnBy: Statement = {
  name: 'withdrawn-by',
  text: `
    SELECT s.party
      FROM chain_tasks t JOIN task_requests r USING (task_request_id)
      JOIN statements s ON s.tenant_id = t.tenant_id AND s.task = r.metadata #>> '{consent,hash}'
     WHERE t.chain_id = $1 AND t.task_id = $2 AND ${IS_WITHDRAWN} AND ${TAKES_PART}
     ORDER BY s.party`,
};

/** Tasks on which the owners of the parties' data decide. */
export const readApprovals = {
  /** Tasks that need a decision, oldest first, at most 200. */
  waiting: (db: Queryable) => db.query<ApprovalRow>(waiting),
  /** The parties whose owners took the task back by a refusal or a withdrawal. */
  withdrawnBy: async (db: Queryable, chainId: string, taskId: string) =>
    (await db.query<{ party: string }>(withdrawnBy, [chainId, taskId])).map(({ party }) => party),
  /** Of what `schedule:<id>` or `chain:<id>` names and all chains within it: those that wait for an approval or are under way, by chain. */
  ofWhole: (db: Queryable, origin: string) => {
    const [kind, id] = origin.split(':');
    return db.query<ApprovalRow>(ofWhole, kind === 'chain' ? [id, null] : [null, id]);
  },
  /** All of a chain, in its order. */
  ofChain: (db: Queryable, chainId: string) => db.query<ApprovalRow>(ofChain, [chainId]),
};
