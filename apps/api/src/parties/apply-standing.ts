import { approveTasks, decideApproval, type Caller } from '#libs/chain-engine';
import { coveringOf, partiesOf, type ConsentJson, type StandingStatement } from '#libs/consent';
import { readApprovals, type ApprovalRow, type Queryable } from '#libs/repositories';

/**
 * Lets a standing approval act on what is there: tasks that it covers and that wait for this owner run. A withdrawal ends those that run; a
 * task that waits goes on waiting until the owner decides on it.
 */
export async function applyStanding(tx: Queryable, standing: StandingStatement, caller: Caller): Promise<void> {
  const { party, name, origin, decision } = standing;
  const isMeant = ({ status, asking }: ApprovalRow): boolean =>
    decision === 'approve' ? asking === null || asking === party : status !== 'RETRYING';
  const rows = (await readApprovals.ofWhole(tx, origin)).filter((row) => isMeant(row) && covers(standing, row));
  if (decision === 'withdraw') {
    const words = `the owner of ${party} withdrew the standing approval ${name}`;
    for (const { chain_id: chainId, task_id: taskId } of rows)
      await decideApproval(tx, { chainId, taskId, decision, words }, caller);
    return;
  }
  for (const chainId of new Set(rows.map((row) => row.chain_id))) {
    const taskIds = rows.filter((row) => row.chain_id === chainId).map((row) => row.task_id);
    await approveTasks(tx, { chainId, taskIds }, caller);
  }
}

function covers(standing: StandingStatement, { consent, params, ...ids }: ApprovalRow): boolean {
  const { chain_id, task_id, task_type } = ids;
  const { proposer = null, purpose, origin, from } = consent;
  const task = { chain_id, task_id, task_type, proposer, purpose, origin, params: params as ConsentJson, from };
  return (
    partiesOf(params).includes(standing.party) && 'covered' in coveringOf({ ...standing, decision: 'approve' }, task)
  );
}
