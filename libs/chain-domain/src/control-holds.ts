import type { Draft } from './draft.js';
import type { TaskEvent } from './events.js';
import { failure } from './failure-codes.js';
import { settle } from './settle.js';
import type { Task, TaskError } from './state.js';
import { type ControlHold, isControlHold } from './states.js';

/** Has a control task wait that was opened. It leaves its place of `max_parallel` to others. */
export function holdOpened(draft: Draft, task: Task, { hold, until }: Extract<TaskEvent, { kind: 'TaskHeld' }>): void {
  draft.move(task, 'Opened', 'RETRYING', { hold, nextAttemptAt: until, error: null });
  if (hold === 'SIGN_OFF') draft.effect({ kind: 'SignOffAwaited', position: task.position });
  if (draft.chain.maxParallel !== null) draft.admitHeld();
}

/** Another turn of a task begins: a new attempt, which counts as no retry. */
export function nextTurn(draft: Draft, task: Task, until: number | null): void {
  if (until === null) draft.ready(task, 'Turned', { nextAttemptAt: null });
  else draft.move(task, 'Turned', 'RETRYING', { nextAttemptAt: until });
}

/** The time of a control task is over: one that waited for it has succeeded, any other failed. Returns false where that is not so. */
export function endHold(draft: Draft, position: number): boolean {
  const task = draft.task(position);
  if (
    !isControlHold(task.hold) ||
    task.hold === 'CHILD' ||
    task.nextAttemptAt === null ||
    task.nextAttemptAt > draft.now
  )
    return false;
  if (task.hold === 'WAIT') settle(draft, draft.move(task, 'HoldOver', 'SUCCESS', { nextAttemptAt: null }));
  else settle(draft, draft.move(task, 'HoldOver', 'FAILURE', { nextAttemptAt: null, error: TOO_LATE[task.hold] }));
  return true;
}

/** What fails a task for which nothing came in time. */
const TOO_LATE: Readonly<Record<Exclude<ControlHold, 'WAIT' | 'CHILD'>, TaskError>> = {
  SIGNAL: failure('TIMEOUT_SIGNAL', 'no signal came within its timeout: look who sends it, then retry the task'),
  SIGN_OFF: failure(
    'SIGN_OFF_EXPIRED',
    'nobody signed it off within its timeout: ask those it names, then retry the task',
  ),
};
