import type { Draft } from './draft.js';
import { failure, type FailureCode } from './failure-codes.js';
import type { Task, TaskError } from './state.js';

/**
 * A task came to its end: stops the chain, or moves on what waited for it, lets a held one in, and ends the chain
 * with its last task.
 */
export function settle(draft: Draft, task: Task): void {
  const fatal = task.status === 'FAILURE' && !task.tolerable;
  if (fatal && draft.chain.stopOnError) {
    draft.stop('FAILURE', chainError(task));
    return;
  }
  draft.notifySuccessors(task);
  if (fatal && draft.chain.error === null) draft.chain = { ...draft.chain, error: chainError(task) };
  if (draft.chain.maxParallel !== null) draft.admitHeld();
  endIfDone(draft);
}

/** A task has succeeded; `endsChain`: the condition of its `end_chain` holds. */
export function succeed(draft: Draft, task: Task, endsChain = false): void {
  if (task.endChain === null || !endsChain) return settle(draft, task);
  const { status, message = `task ${task.taskId} ended the chain` } = task.endChain;
  draft.stop(
    status,
    status === 'FAILURE' ? { ...failure('CHAIN_ENDED', message), details: { task_id: task.taskId } } : null,
  );
  draft.chain = { ...draft.chain, endedBy: task.taskId };
}

/** Ends a chain of which every task is final. */
export function endIfDone(draft: Draft): void {
  const { chain } = draft;
  const finished = chain.completedTasks + chain.failedTasks + chain.skippedTasks + chain.cancelledTasks;
  if (finished < chain.totalTasks) return;
  const failed = chain.failedTasks > chain.toleratedTasks;
  draft.end(failed ? 'FAILURE' : 'SUCCESS', failed ? chain.error : null);
}

/** Why the chain fails as its tasks stand now: its first failure that may not be, or null. */
export function standingError(draft: Draft): TaskError | null {
  for (const task of draft.everyTask()) {
    if (task.status === 'FAILURE' && !task.tolerable) return chainError(task);
  }
  return null;
}

function chainError(task: Task): TaskError {
  const code = task.error?.code ?? ('TASK_ERROR' satisfies FailureCode);
  return {
    code,
    message: `task ${task.taskId} failed: ${task.error?.message ?? code}`,
    details: { task_id: task.taskId },
  };
}
