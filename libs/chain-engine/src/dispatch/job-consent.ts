import { failure, type TaskError } from '#libs/chain-domain';
import { originOf, partiesOf, type ApprovalStatement, type ConsentJson, type Statement } from '#libs/consent';
import type { JobConsent } from '#libs/queues';
import {
  engineQueries,
  type JobRow,
  type Queryable,
  type SentStatementRow,
  type StoredConsent,
} from '#libs/repositories';

/**
 * The statements that the jobs of these rows carry: none is read where no row has parties. They are read after the tasks are stored as
 * dispatched: a decision that is stored later finds them so, and one that was stored before is read.
 */
export async function statementsOf(
  db: Queryable,
  rows: readonly JobRow[],
  saving?: Promise<unknown>,
): Promise<readonly SentStatementRow[]> {
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
  await saving;
  const hashes = rows.flatMap(({ chain_id, consent }) =>
    consent === null ? [] : [consent.hash, originOf({ chain_id, origin: consent.origin })],
  );
  const sources = rows.flatMap(({ consent }) => Object.values(consent?.from ?? {}));
  return engineQueries.statementsForTasks(db, tenants, parties, hashes, sources);
}

/**
 * Why a task may not have its inputs: an owner took back the task that made an artifact which `params` name. Its other parties
 * cannot check that owner's signature, so it is refused before a worker gets it; the owner's own process checks it again.
 */
export function withdrawnInput(
  row: JobRow,
  params: unknown,
  known: readonly SentStatementRow[],
): TaskError | undefined {
  if (row.consent === null || known.length === 0) return undefined;
  let text: string | undefined;
  for (const [source, hash] of Object.entries(row.consent.from)) {
    const withdrawn = known.find(
      ({ tenant_id: tenant, task, body }) =>
        tenant === row.tenant_id && task === hash && (body as ApprovalStatement).decision !== 'approve',
    );
    if (withdrawn === undefined) continue;
    text ??= JSON.stringify(params);
    const made = source.includes('/') ? source : `${row.chain_id}/${source}`;
    if (!text.includes(`artifact:${made}/`)) continue;
    const { party } = withdrawn;
    const message = `it reads an artifact of task ${source}, which the owner of ${party} no longer allows: ask that owner`;
    return { ...failure('POLICY_REFUSED', message), details: { party, task: source } };
  }
  return undefined;
}

/** The part of a job that the owners' rules are judged on. */
export function consentFor(
  row: JobRow,
  { hash, proposer = null, purpose, origin, by_admin: byAdmin, from }: StoredConsent,
  known: readonly SentStatementRow[],
): JobConsent {
  const ids = { chain_id: row.chain_id, task_id: row.task_id, task_type: row.task_type };
  const stated = { ...(purpose !== undefined && { purpose }), ...(origin !== undefined && { origin }) };
  const tasks = new Set([null, hash, originOf({ chain_id: row.chain_id, origin }), ...Object.values(from)]);
  const statements = partiesOf(row.params).map((party) => {
    const own = known.filter(
      (each) => each.party === party && each.tenant_id === row.tenant_id && tasks.has(each.task),
    );
    return [party, own.map(({ signed, body }) => signed ?? (body as Statement))] as const;
  });
  return {
    task: { ...ids, proposer, ...stated, params: row.params as ConsentJson, from },
    byAdmin,
    statements: Object.fromEntries(statements.filter(([, own]) => own.length > 0)),
  };
}
