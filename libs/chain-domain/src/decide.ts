/**
 * The rules of orchestration, as one synchronous function of its arguments. The API, the listener and the
 * reconciler all go through it. Invariants (orchestration.md), kept here and cited by the tests:
 *
 * I1 a terminal task never changes within its epoch
 * I2 a task starts only when its trigger rule holds over its parents
 * I3 each accepted result is applied once
 * I4 chain counters equal a recount
 * I5 a RUNNING chain always has something that will move it
 * I7 a late, doubled or reordered event never changes the outcome that the accepted ones give
 * I9 `attempt` only grows
 */
import { isChainTerminal, isInFlight } from './states.js';
import type { ChainStatus } from './states.js';
import type { ChainCommand, ChainEvent, Disposition, TaskEvent } from './events.js';
import { MAX_LOSSES, retryDelay } from './retry.js';
import type { ChainState, Task, TaskError } from './state.js';
import type { Decision, Refusal } from './decision.js';
import { Draft } from './draft.js';

/** Decides what `event` makes of `state` at `now` (ms). Changes nothing itself: see `evolve`. */
export function decide(state: ChainState, event: ChainEvent, now: number): Decision | Refusal {
  const draft = new Draft(state, now);
  switch (event.kind) {
    case 'ExecuteChain':
    case 'CancelChain':
    case 'ChainTimedOut':
      return command(draft, event);
    default: {
      const disposition = dispositionOf(draft, event);
      if (disposition === 'ACCEPTED') applyTaskEvent(draft, event, now);
      return draft.decision(disposition);
    }
  }
}

/** Takes a decision into the state. */
export function evolve(state: ChainState, decision: Decision): void {
  state.chain = decision.chain;
  for (const [position, task] of decision.changed) state.tasks.set(position, task);
}

/** Sends a ready task: its next attempt begins. The caller has checked that there is room for it. */
export function dispatch(state: ChainState, position: number, now: number): Decision {
  const draft = new Draft(state, now);
  const task = draft.task(position);
  draft.move(task, 'Dispatched', 'QUEUED', { attempt: task.attempt + 1, runId: null });
  return draft.decision('ACCEPTED');
}

function command(draft: Draft, event: ChainCommand): Decision | Refusal {
  const { status } = draft.chain;
  switch (event.kind) {
    case 'ExecuteChain':
      if (status !== 'PENDING') return { refused: 'CHAIN_STATE_CONFLICT', status };
      draft.chain = { ...draft.chain, status: 'RUNNING', deadlineAt: draft.now + draft.chain.timeoutMs };
      draft.startReadyTasks();
      return draft.decision('ACCEPTED');
    case 'CancelChain':
      if (isChainTerminal(status)) return { refused: 'CHAIN_STATE_CONFLICT', status };
      draft.stop('CANCELLED', null);
      return draft.decision('ACCEPTED');
    case 'ChainTimedOut':
      if (isChainTerminal(status) || status === 'PENDING') return { refused: 'CHAIN_STATE_CONFLICT', status };
      if (draft.chain.deadlineAt === null || draft.chain.deadlineAt > draft.now) return draft.decision('STALE');
      draft.stop('FAILURE', {
        code: 'TIMEOUT_CHAIN',
        message: `the chain did not finish within its ${draft.chain.timeoutMs / 1000} s: raise options.timeout or look for the slow task`,
      });
      return draft.decision('ACCEPTED');
  }
}

/** Fencing: an event counts only for the task's own attempt, the first run seen for it, while that is in flight. */
function dispositionOf(draft: Draft, event: TaskEvent): Disposition {
  const task = draft.task(event.position);
  if (event.attempt > task.attempt) return 'QUARANTINED';
  if (event.attempt < task.attempt) return 'STALE';
  const runId = event.kind === 'TaskLost' ? null : event.runId;
  if (runId !== null && task.runId !== null && task.runId !== runId) return 'STALE';
  if (isInFlight(task.status)) {
    return event.kind === 'TaskStarted' && task.status === 'RUNNING' ? 'DUPLICATE' : 'ACCEPTED';
  }
  return task.status === 'SUCCESS' || task.status === 'FAILURE' ? 'DUPLICATE' : 'STALE';
}

function applyTaskEvent(draft: Draft, event: TaskEvent, now: number): void {
  const task = draft.task(event.position);
  switch (event.kind) {
    case 'TaskStarted':
      draft.move(task, 'Started', 'RUNNING', { runId: event.runId });
      return;
    case 'TaskSucceeded':
      finish(draft, draft.move(task, 'Succeeded', 'SUCCESS', { runId: event.runId, error: null }));
      return;
    case 'TaskFailed': {
      const failures = task.failures + 1;
      const change = { runId: event.runId ?? task.runId, failures, error: event.error };
      if (event.retryable && task.retry.retryOnFailure && failures <= task.retry.maxRetries) {
        const nextAttemptAt = now + retryDelay(task.retry, failures, event.random);
        draft.move(task, 'Failed', 'RETRYING', { ...change, nextAttemptAt });
      } else {
        finish(draft, draft.move(task, 'Failed', 'FAILURE', change));
      }
      return;
    }
    case 'TaskLost': {
      const losses = task.losses + 1;
      if (losses <= MAX_LOSSES) {
        draft.move(task, 'Lost', 'READY', { losses, runId: null });
      } else {
        const message = `${losses} workers were lost while they ran this task: look at their logs and memory before running it again`;
        finish(draft, draft.move(task, 'Lost', 'FAILURE', { losses, error: { code: 'WORKER_LOST', message } }));
      }
    }
  }
}

/** A task came to SUCCESS or FAILURE: stops the chain, or moves on what waited for it, and ends the chain with its last task. */
function finish(draft: Draft, task: Task): void {
  if (task.status === 'FAILURE' && draft.chain.stopOnError) {
    draft.stop('FAILURE', chainError(task));
    return;
  }
  draft.notifySuccessors(task);
  const { chain } = draft;
  if (chain.completedTasks + chain.failedTasks + chain.skippedTasks + chain.cancelledTasks === chain.totalTasks) {
    draft.end(
      chain.failedTasks > 0 ? 'FAILURE' : 'SUCCESS',
      chain.failedTasks > 0 ? (chain.error ?? chainError(task)) : null,
    );
  } else if (task.status === 'FAILURE' && chain.error === null) {
    draft.chain = { ...chain, error: chainError(task) };
  }
}

function chainError(task: Task): TaskError {
  const code = task.error?.code ?? 'TASK_ERROR';
  return {
    code,
    message: `task ${task.taskId} failed: ${task.error?.message ?? code}`,
    details: { task_id: task.taskId },
  };
}
