import { createHash } from 'node:crypto';
import { DEFAULT_TENANT } from '#libs/chain-domain';
import type { Database, Queryable, Tx } from './database.js';
import {
  appendAudit,
  auditWaits,
  countAuditWaiting,
  holdAuditHead,
  readAudit,
  readAuditHead,
  takeAudit,
} from './statements/audit.js';

/** A change that a user made. The statement or transaction that makes it stores it in the outbox. */
export interface AuditedChange {
  /** Who; null where no user was involved. */
  readonly actor: string | null;
  /** The address that the request came from. */
  readonly address: string;
  readonly request_id: string;
  /** The operation of the API. */
  readonly action: string;
  /** The changed resource: a chain, `<chain>/<task>`, a webhook. */
  readonly target: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The end of the log: the number of its last row, 0 for none, and that row's hash in hex. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

interface AuditRow extends AuditedChange {
  readonly seq: number;
  readonly tenant_id: string;
  /** UTC with microseconds, by PostgreSQL's clock. */
  readonly at: string;
  readonly previous_hash: string;
  readonly hash: string;
}

/** A fault of the log, at the row of this number. */
export interface AuditFault {
  readonly seq: number;
  /**
   * `altered`: its content is not what its hash says. `removed`: it is not there. `moved`: it does not follow the row
   * before it, so that one of them was exchanged. `replaced`: it has another hash than was noted.
   */
  readonly kind: 'altered' | 'removed' | 'moved' | 'replaced';
}

export interface AuditReport {
  readonly rows: number;
  readonly head: AuditHead;
  /** Changes that are not yet in the log. */
  readonly waiting: number;
  /** In the order of the rows, at most MAX_FAULTS. */
  readonly faults: readonly AuditFault[];
}

const SEAL_BATCH = 500;
const PAGE = 5_000;
const MAX_FAULTS = 20;

/**
 * Moves what waits in the outbox to the log, each row with the hash of the one before it. One process at a time; who
 * makes changes never waits for it. Returns how many rows were added.
 */
export async function sealAudit(db: Database): Promise<number> {
  let sealed = 0;
  for (;;) {
    if ((await db.query(auditWaits)).length === 0) return sealed;
    const added = await db.transaction(sealBatch);
    sealed += added;
    if (added < SEAL_BATCH) return sealed;
  }
}

async function sealBatch(tx: Tx): Promise<number> {
  const [head] = await tx.query<AuditHead>(holdAuditHead);
  if (head === undefined) return 0;
  const taken = await tx.query<{ id: number; tenant_id: string; payload: AuditedChange; at: string }>(takeAudit, [
    SEAL_BATCH,
  ]);
  if (taken.length === 0) return 0;
  let { seq, hash } = head;
  const rows = taken
    .sort((a, b) => a.id - b.id)
    .map(({ tenant_id, payload, at }) => {
      const row = { ...payload, seq: ++seq, tenant_id, at, previous_hash: hash };
      hash = hashOf(row);
      return { ...row, hash };
    });
  await tx.query(appendAudit, [JSON.stringify(rows)]);
  return rows.length;
}

/**
 * SHA-256 in hex over the JSON text of `[seq, at, actor, address, request_id, action, target, details, previous_hash]`,
 * without white space, the members of every object in `details` in the order of their names. The tenant is the last
 * member of the list, but for the default one, to which all rows belong that are older than tenants.
 */
function hashOf(row: Omit<AuditRow, 'hash'>): string {
  const { seq, at, actor, address, request_id, action, target, details, previous_hash, tenant_id: tenant } = row;
  const content = [seq, at, actor, address, request_id, action, target, sorted(details), previous_hash];
  if (tenant !== DEFAULT_TENANT) content.push(tenant);
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

/**
 * Reads the whole log and finds rows that were altered, removed or moved, the last ones included. Whoever may write to
 * every table could have rewritten the log: only a head that was noted elsewhere shows that. Changes nothing.
 */
export async function verifyAudit(db: Queryable, noted: readonly AuditHead[] = []): Promise<AuditReport> {
  const [head] = await db.query<AuditHead>(readAuditHead);
  if (head === undefined) throw new Error('audit_head is empty: the end of the log is not known');
  const known = [head, ...noted];
  const faults: AuditFault[] = [];
  let rows = 0;
  let last: AuditHead = { seq: 0, hash: '0'.repeat(64) };
  for (;;) {
    const page = await db.query<AuditRow>(readAudit, [last.seq, PAGE]);
    for (const row of page) {
      rows++;
      const { seq, hash } = row;
      const fault = (kind: AuditFault['kind'], at = seq): unknown => faults.push({ seq: at, kind });
      if (seq > last.seq + 1) fault('removed', last.seq + 1);
      else if (row.previous_hash !== last.hash) fault('moved');
      if (hashOf(row) !== hash) fault('altered');
      if (known.some((each) => each.seq === seq && each.hash !== hash)) fault('replaced');
      last = row;
    }
    if (page.length < PAGE || faults.length >= MAX_FAULTS) break;
  }
  const end = Math.max(...known.map(({ seq }) => seq));
  if (faults.length < MAX_FAULTS && last.seq < end) faults.push({ seq: last.seq + 1, kind: 'removed' });
  const [waiting] = await db.query<{ count: number }>(countAuditWaiting);
  return { rows, head, waiting: waiting!.count, faults: faults.slice(0, MAX_FAULTS) };
}
