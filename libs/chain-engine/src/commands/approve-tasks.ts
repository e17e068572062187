import { engineQueries, type Queryable } from '#libs/repositories';
import { applyWork } from '../apply/apply-work.js';
import { Refused } from '../apply/decide-chain.js';
import type { ChainWork } from '../apply/decide-work.js';
import { Capacity } from '../dispatch/capacity.js';
import type { Caller } from './commands.js';

/**
 * Does for several tasks of a chain, in one save, what `decideApproval` does for one that is approved. The chain is locked to the end of the
 * transaction.
 */
export async function approveTasks(
  tx: Queryable,
  { chainId, taskIds }: { readonly chainId: string; readonly taskIds: readonly string[] },
  caller?: Caller,
): Promise<void> {
  const decision = 'approve';
  const details = { task_ids: taskIds.slice(0, 100), tasks: taskIds.length, decision };
  const audit = caller && { ...caller, action: 'decideApproval', target: chainId, details };
  const wanted = new Set(taskIds);
  const work: ChainWork = {
    chainId,
    requestIds: undefined,
    incoming: ({ state }) =>
      [...state.tasks.values()]
        .filter(({ taskId }) => wanted.has(taskId))
        .map(({ position }, place) => ({
          event: { kind: 'DecideApproval', position, decision, words: '' },
          data: { decision },
          ...(place === 0 && { audit }),
        })),
  };
  await engineQueries.lockChain(tx, chainId);
  try {
    await applyWork(tx, [work], new Capacity(), async () => undefined);
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof Refused)) throw error;
  }
  await engineQueries.wake(tx);
}
