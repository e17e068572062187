import type { Draft } from './draft.js';
import type { ChainCommand } from './events.js';
import { failure, type FailureCode } from './failure-codes.js';
import { settle } from './settle.js';
import type { Task, TaskError } from './state.js';
import { isInFlight } from './states.js';

/** The code of a report that a task needs an approval: no failure. */
export const APPROVAL_REQUIRED = 'APPROVAL_REQUIRED' satisfies FailureCode;

/**
 * Holds a task whose worker found that an owner must decide first. That is no failure, whatever the retry policy says.
 * An approval that came while the attempt ran lets it try again at once: its job did not carry that approval yet.
 */
export function awaitApproval(
  draft: Draft,
  task: Task,
  { runId, error }: { runId: string | null; error: TaskError },
): void {
  const change = { runId: runId ?? task.runId, error };
  if (task.approvedAttempt === task.attempt) {
    draft.ready(task, 'Approved', { ...change, firstQueuedAt: null });
    return;
  }
  const isFirst = ![...draft.everyTask()].some(({ hold }) => hold === 'APPROVAL');
  const nextAttemptAt = draft.now + draft.chain.approvalMs;
  draft.move(task, 'Failed', 'RETRYING', { ...change, hold: 'APPROVAL', nextAttemptAt });
  if (isFirst) draft.effect({ kind: 'ApprovalAwaited', position: task.position });
  if (draft.chain.maxParallel !== null) draft.admitHeld();
}

/** Carries out what the owner decided on a task. */
export function decideApproval(
  draft: Draft,
  { position, decision, words }: Extract<ChainCommand, { kind: 'DecideApproval' }>,
): void {
  const task = draft.task(position);
  const held = task.hold === 'APPROVAL';
  if (!held && !isInFlight(task.status)) return;
  if (decision !== 'approve') {
    const message = words || `the owner of the data decided: ${decision}`;
    const details = held ? task.error?.details : undefined;
    const error = { ...failure('POLICY_REFUSED', message), ...(details && { details }) };
    settle(draft, draft.move(task, 'Refused', 'FAILURE', { nextAttemptAt: null, error }));
  } else if (held) {
    draft.ready(task, 'Approved', { nextAttemptAt: null, error: null, firstQueuedAt: null });
  } else {
    draft.set(task, { approvedAttempt: task.attempt });
  }
}

/** Fails a task whose time for an approval is over. Returns false where that is not so. */
export function expireApproval(draft: Draft, position: number): boolean {
  const task = draft.task(position);
  if (task.hold !== 'APPROVAL' || task.nextAttemptAt === null || task.nextAttemptAt > draft.now) return false;
  const message = `nobody approved the task within its ${draft.chain.approvalMs / 1000} s: ask the owner, then retry the chain, or raise options.approval_timeout`;
  const details = task.error?.details;
  const error = { ...failure('APPROVAL_EXPIRED', message), ...(details && { details }) };
  settle(draft, draft.move(task, 'ApprovalExpired', 'FAILURE', { nextAttemptAt: null, error }));
  return true;
}
