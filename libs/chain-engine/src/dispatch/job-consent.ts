import { partiesOf, type ConsentJson, type Statement } from '#libs/consent';
import type { JobConsent } from '#libs/queues';
import {
  engineQueries,
  type JobRow,
  type Queryable,
  type SentStatementRow,
  type StoredConsent,
} from '#libs/repositories';

/** The statements that the jobs of these rows carry: none is read where no row has parties. */
export async function statementsOf(db: Queryable, rows: readonly JobRow[]): Promise<readonly SentStatementRow[]> {
  const tenants: string[] = [];
  const parties: string[] = [];
  const asked = new Set<string>();
  for (const row of rows) {
    if (row.consent === null) continue;
    for (const party of partiesOf(row.params)) {
      const key = `${row.tenant_id}/${party}`;
      if (asked.has(key)) continue;
      asked.add(key);
      tenants.push(row.tenant_id);
      parties.push(party);
    }
  }
  if (parties.length === 0) return [];
  const hashes = rows.flatMap(({ consent }) => (consent === null ? [] : [consent.hash]));
  return engineQueries.statementsForTasks(db, tenants, parties, hashes);
}

/** What a job tells the owners of its parties' data. */
export function consentFor(
  row: JobRow,
  { hash, proposer = null, by_admin: byAdmin, from }: StoredConsent,
  known: readonly SentStatementRow[],
): JobConsent {
  const ids = { chain_id: row.chain_id, task_id: row.task_id, task_type: row.task_type };
  const statements = partiesOf(row.params).map((party) => {
    const own = known.filter(
      (each) => each.party === party && each.tenant_id === row.tenant_id && (each.task === null || each.task === hash),
    );
    return [party, own.map(({ signed, body }) => signed ?? (body as Statement))] as const;
  });
  return {
    task: { ...ids, proposer, params: row.params as ConsentJson, from },
    byAdmin,
    statements: Object.fromEntries(statements.filter(([, own]) => own.length > 0)),
  };
}
