import { findRunner } from '#libs/compute';
import { originOf, parseDatasetRef, partiesOf, usesOf, type ApprovalStatement } from '#libs/consent';
import type { ApprovalRow, PartyStatementView } from '#libs/repositories';
import type { ApprovalDto } from './parties.dto.js';

/** Each task once per party that decides on it: those of its parameters, or the one that a waiting task asks. */
export async function approvalDtos(
  rows: readonly ApprovalRow[],
  party: string | undefined,
  decisionsOn: (hashes: readonly string[]) => Promise<readonly Pick<PartyStatementView, 'body' | 'signed'>[]>,
  now = Date.now(),
): Promise<ApprovalDto[]> {
  const decisions = await decisionsOn(rows.map(({ consent }) => consent.hash));
  const known = new Map(
    decisions
      .map(({ body, signed }) => ({ ...(body as ApprovalStatement), signed }))
      // The worker asks again once an approval has expired; a refusal stays.
      .filter(({ decision, expires_at: until }) => decision !== 'approve' || Date.parse(until) > now)
      .map(({ party: by, task, decision, signed }) => [
        `${by} ${task}`,
        { decision, signed_by: signed === null ? 'server' : 'signature' },
      ]),
  );
  return rows.flatMap((row) => {
    const { chain_id, task_id, task_type, params, status, consent, asking, reasons, approvals, asked_at } = row;
    const { hash, proposer = null, purpose, origin, from } = consent;
    const stated = { ...(purpose !== undefined && { purpose }), ...(origin !== undefined && { origin }) };
    const task = { kind: 'task', chain_id, task_id, task_type, proposer, ...stated, params, from };
    const { engine = 'native', task_config: config } = params as { engine?: unknown; task_config?: unknown };
    const leaves = findRunner(task_type, engine)?.leaves(task_type, config) ?? '';
    return partiesOf(params)
      .filter((each) => party === undefined || each === party)
      .map((each) => ({
        ...{
          chain_id,
          task_id,
          task_type,
          party: each,
          origin: originOf({ chain_id, origin }),
          hash,
          task,
          engine: String(engine),
          leaves,
          status,
        },
        datasets: usesOf(config, each, task_type).inputs.filter((file) => parseDatasetRef(file)?.party === each),
        approvals: asking === each ? approvals : null,
        reasons: asking === each ? reasons : null,
        asked_at: asking === each ? asked_at : null,
        ...(known.get(`${each} ${hash}`) ?? { decision: null, signed_by: null }),
      }));
  });
}
