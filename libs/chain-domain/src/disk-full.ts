import type { Draft } from './draft.js';
import type { FailureCode } from './failure-codes.js';
import type { Task, TaskError } from './state.js';

/** The code of a failure for want of room on a disk of the worker. */
export const DISK_FULL = 'DISK_FULL' satisfies FailureCode;

/** A task without room is tried again after a quarter of the time since it was first sent, within these bounds, ms. */
const LEAST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;
/** After so long without an end it fails like any other, ms: it may be the one that needs more room than there is. */
const PATIENCE_MS = 24 * 3_600_000;

/**
 * Has a task wait until there may be room on the disk: a fault of the machine uses up none of the user's retries, as the loss of a
 * worker does not. False where it is to fail: for its `never_retry_on`, or after a day.
 */
export function awaitRoom(
  draft: Draft,
  task: Task,
  { runId, error }: { runId: string | null; error: TaskError },
): boolean {
  const waited = draft.now - (task.firstQueuedAt ?? draft.now);
  if (waited >= PATIENCE_MS || task.retry.neverRetryOn?.includes(DISK_FULL) === true) return false;
  const pause = Math.min(Math.max(Math.round(waited / 4), LEAST_PAUSE_MS), LONGEST_PAUSE_MS);
  const change = { runId: runId ?? task.runId, error, nextAttemptAt: draft.now + pause };
  draft.move(task, 'Failed', 'RETRYING', change);
  if (draft.chain.maxParallel !== null) draft.admitHeld();
  return true;
}
