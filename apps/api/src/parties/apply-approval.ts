import { decideApproval, type Caller } from '#libs/chain-engine';
import { partiesOf, type ApprovalStatement } from '#libs/consent';
import { readApprovals, type Queryable } from '#libs/repositories';

/**
 * Lets the owner's decision act on its task: an approval releases a task that waits for this owner, a refusal or a withdrawal ends
 * one that waits or runs. A task that is on its way may have been sent without the approval: it runs again if it asks. Call it in the transaction that stores
 * the statement, so that neither is without the other.
 */
export async function applyApproval(tx: Queryable, approval: ApprovalStatement, caller: Caller): Promise<void> {
  const { chain_id: chainId, task_id: taskId, task, party, decision, words = '' } = approval;
  const found = (await readApprovals.ofChain(tx, chainId)).find((row) => row.task_id === taskId);
  if (found?.consent.hash !== task || !partiesOf(found.params).includes(party)) return;
  if (decision === 'approve' && found.asking !== null && found.asking !== party) return;
  await decideApproval(tx, { chainId, taskId, decision, words }, caller);
}
