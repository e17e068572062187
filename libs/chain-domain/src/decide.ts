/**
 * The rules of orchestration, as one synchronous function of its arguments. The API, the listener and the reconciler
 * all go through it, repairs included. Two moves of single tasks stand beside it: `dispatch` and `promote`, which
 * statements make in bulk. Invariants, kept here and cited by the tests:
 *
 * I1 a terminal task never changes within its epoch
 * I2 a task starts only when its trigger rule holds over its parents
 * I3 each accepted result is applied once
 * I4 chain counters equal a recount
 * I5 a RUNNING chain always has something that will move it
 * I6 a rerun touches only the chosen tasks and their descendants
 * I7 a late, doubled or reordered event never changes the outcome that the accepted ones give
 * I9 `attempt` only grows
 * I10 a success ends its chain exactly where its `end_chain` holds, in the same decision
 * I11 a control task is opened once in each attempt, and no run can end it
 */
import { APPROVAL_REQUIRED, awaitApproval } from './approval.js';
import { command } from './command.js';
import { isControlType } from './control-types.js';
import type { Decision, Refusal } from './decision.js';
import { Draft } from './draft.js';
import type { ChainEvent, Disposition, TaskEvent } from './events.js';
import { holdOpened, nextTurn } from './control-holds.js';
import { awaitRoom, DISK_FULL } from './disk-full.js';
import { failure } from './failure-codes.js';
import { MAX_LOSSES, nextTryAt } from './retry.js';
import { settle, succeed } from './settle.js';
import type { ChainState, Task, TaskError } from './state.js';
import { isControlHold, isInFlight } from './states.js';
import type { TaskCause } from './transitions.js';

/** Decides what `event` makes of `state` at `now` (ms). Changes nothing itself: see `evolve`. */
export function decide(state: ChainState, event: ChainEvent, now: number): Decision | Refusal {
  const draft = new Draft(state, now);
  if (!('attempt' in event)) return command(draft, event);
  const disposition = dispositionOf(draft, event);
  if (disposition === 'ACCEPTED') applyTaskEvent(draft, event, now);
  return draft.decision(disposition);
}

/** Applies a decision to the state. */
export function evolve(state: ChainState, decision: Decision): void {
  state.chain = decision.chain;
  for (const [position, task] of decision.changed) state.tasks.set(position, task);
}

/** Sends a READY task of a RUNNING chain: its next attempt begins. The caller has checked that a slot is free. */
export function dispatch(state: ChainState, position: number, now: number): Decision {
  const draft = new Draft(state, now);
  const task = draft.task(position);
  if (task.hold !== null) throw new Error(`${task.taskId} is held: ${task.hold}`);
  const firstQueuedAt = task.firstQueuedAt ?? now;
  draft.move(task, 'Dispatched', 'QUEUED', { attempt: task.attempt + 1, runId: null, firstQueuedAt });
  return runningOnly(draft);
}

/** Makes a RETRYING task of a RUNNING chain READY whose backoff is over: admitted, or held where the chain has no place. */
export function promote(state: ChainState, position: number, now: number): Decision {
  const draft = new Draft(state, now);
  const task = draft.task(position);
  if (task.hold !== null) throw new Error(`${task.taskId} is held: ${task.hold}`);
  if (task.nextAttemptAt === null || task.nextAttemptAt > now) throw new Error(`${task.taskId} is not due`);
  draft.ready(task, 'BackoffOver', { nextAttemptAt: null });
  return runningOnly(draft);
}

function runningOnly(draft: Draft): Decision {
  if (draft.chain.status !== 'RUNNING') throw new Error(`the chain is ${draft.chain.status}`);
  return draft.decision('ACCEPTED');
}

/**
 * Fencing: an event counts only for the task's own attempt, the first run seen for it, while that is in flight. What the
 * engine itself says counts for a control task that waits as well, and no run counts for any control task.
 */
function dispositionOf(draft: Draft, event: TaskEvent): Disposition {
  const task = draft.task(event.position);
  if (event.attempt > task.attempt) return 'QUARANTINED';
  if (event.attempt < task.attempt) return 'STALE';
  const runId = 'runId' in event ? event.runId : null;
  const held = isControlHold(task.hold);
  if (runId !== null && (isControlType(task.taskType) || (task.runId !== null && task.runId !== runId))) return 'STALE';
  if (event.kind === 'TaskQueueTimedOut') {
    // A task that is held waits for its chain, not for a worker.
    const waits = (task.status === 'READY' && task.hold === null) || task.status === 'QUEUED';
    return waits ? 'ACCEPTED' : 'STALE';
  }
  if (event.kind === 'TaskConditionFalse') return task.status === 'QUEUED' ? 'ACCEPTED' : 'STALE';
  if (event.kind === 'TaskHeld' && task.status !== 'QUEUED') return held ? 'DUPLICATE' : 'STALE';
  if (event.kind === 'TaskTurned') return task.hold === 'CHILD' ? 'ACCEPTED' : 'STALE';
  if (held && runId === null && (event.kind === 'TaskSucceeded' || event.kind === 'TaskFailed')) return 'ACCEPTED';
  if (isInFlight(task.status)) {
    return event.kind === 'TaskStarted' && task.status === 'RUNNING' ? 'DUPLICATE' : 'ACCEPTED';
  }
  return task.status === 'SUCCESS' || task.status === 'FAILURE' ? 'DUPLICATE' : 'STALE';
}

function applyTaskEvent(draft: Draft, event: TaskEvent, now: number): void {
  const task = draft.task(event.position);
  if ('leftMs' in event && event.leftMs !== undefined) draft.limitClock(event.leftMs);
  switch (event.kind) {
    case 'TaskStarted':
      draft.move(task, 'Started', 'RUNNING', { runId: event.runId });
      return;
    case 'TaskSucceeded':
      succeed(
        draft,
        draft.move(task, 'Succeeded', 'SUCCESS', { runId: event.runId, error: null, nextAttemptAt: null }),
        event.endsChain,
      );
      return;
    case 'TaskFailed':
      if (event.error.code === APPROVAL_REQUIRED) return awaitApproval(draft, task, event);
      if (event.error.code === DISK_FULL && awaitRoom(draft, task, event)) return;
      fail(draft, { ...task, runId: event.runId ?? task.runId }, 'Failed', event, now);
      return;
    case 'TaskQueueTimedOut':
      fail(draft, task, 'QueueTimedOut', { ...event, retryable: true }, now);
      return;
    case 'TaskHeld':
      holdOpened(draft, task, event);
      return;
    case 'TaskTurned':
      nextTurn(draft, task, event.until);
      return;
    case 'TaskConditionFalse':
      settle(draft, draft.move(task, 'ConditionFalse', 'SKIPPED', { skipReason: 'CONDITION' }));
      return;
    case 'TaskLost':
      lose(draft, task, event.runId !== null);
  }
}

/** A failure that counts: another try by the task's policy, a pause for an operator, or the end. */
function fail(
  draft: Draft,
  task: Task,
  cause: TaskCause,
  event: { error: TaskError; retryable: boolean; random: number },
  now: number,
): void {
  const failures = task.failures + 1;
  const change = { runId: task.runId, failures, error: event.error, nextAttemptAt: null };
  const { retryable, random } = event;
  const failure = { code: event.error.code, retryable, failures, firstQueuedAt: task.firstQueuedAt, random };
  const nextAttemptAt = nextTryAt(task.retry, failure, now);
  if (nextAttemptAt !== null) {
    draft.move(task, cause, 'RETRYING', { ...change, nextAttemptAt });
    if (draft.chain.maxParallel !== null) draft.admitHeld();
  } else if (task.retry.onExhausted === 'pause' && !task.tolerable) {
    draft.move(task, cause, 'RETRYING', { ...change, hold: 'RETRIES_EXHAUSTED' });
    if (draft.chain.status === 'RUNNING') draft.pause();
  } else {
    settle(draft, draft.move(task, cause, 'FAILURE', change));
  }
}

/**
 * The task's worker is gone: tries again without using up the user's retries, up to `MAX_LOSSES` times.
 * `handedBack`: the run reported it itself, since its worker stops: that is no loss.
 */
function lose(draft: Draft, task: Task, handedBack: boolean): void {
  const losses = task.losses + (handedBack ? 0 : 1);
  if (losses <= MAX_LOSSES) {
    draft.ready(task, 'Lost', { losses, runId: null });
    return;
  }
  const message = `${losses} workers were lost while they ran this task: look at their logs and memory before running it again`;
  settle(draft, draft.move(task, 'Lost', 'FAILURE', { losses, error: failure('WORKER_LOST', message) }));
}
