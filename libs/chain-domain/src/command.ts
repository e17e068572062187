import { decideApproval, expireApproval } from './approval.js';
import { endHold } from './control-holds.js';
import { FOR_EACH } from './control-types.js';
import { answerSignOff, SIGN_OFF } from './sign-off.js';
import type { Decision, Refusal } from './decision.js';
import type { Draft } from './draft.js';
import type { ChainCommand } from './events.js';
import { failure } from './failure-codes.js';
import { repair } from './repair.js';
import { endIfDone, settle, standingError, succeed } from './settle.js';
import type { Task } from './state.js';
import { isChainTerminal, isTerminal } from './states.js';

/** Carries out a command, as a compare-and-set on the chain's status. */
export function command(draft: Draft, event: ChainCommand): Decision | Refusal {
  const { status } = draft.chain;
  const conflict: Refusal = { refused: 'CHAIN_STATE_CONFLICT', status };
  switch (event.kind) {
    case 'ExecuteChain':
      if (status !== 'PENDING') return conflict;
      draft.chain = { ...draft.chain, status: 'RUNNING', deadlineAt: draft.now + draft.chain.timeoutMs };
      draft.startReadyTasks();
      break;
    case 'CancelChain':
      if (isChainTerminal(status)) return conflict;
      draft.stop('CANCELLED', null);
      break;
    case 'PauseChain':
      // A second pause changes nothing.
      if (status === 'PAUSED') break;
      if (status !== 'RUNNING') return conflict;
      draft.pause();
      break;
    case 'ResumeChain':
      if (status === 'RUNNING') break;
      if (status !== 'PAUSED') return conflict;
      resume(draft);
      break;
    case 'RetryChain':
      return retry(draft, event);
    case 'SkipTask':
    case 'ResolveTask': {
      const task = draft.task(event.position);
      if (isChainTerminal(status) || status === 'PENDING') return conflict;
      if (isTerminal(task.status)) {
        return { refused: 'TASK_STATE_CONFLICT', status, taskId: task.taskId, taskStatus: task.status };
      }
      if (event.kind === 'ResolveTask' && standsForAnswers(draft, task)) {
        return { refused: 'SIGN_OFF_REQUIRED', status, taskId: task.taskId };
      }
      const change = { error: null, nextAttemptAt: null };
      if (event.kind === 'ResolveTask') {
        succeed(draft, draft.move(task, 'OperatorResolved', 'SUCCESS', change), event.endsChain);
      } else settle(draft, draft.move(task, 'OperatorSkipped', 'SKIPPED', { ...change, skipReason: 'OPERATOR' }));
      break;
    }
    case 'SetPriority':
      if (isChainTerminal(status)) return conflict;
      for (const task of event.position === undefined ? draft.everyTask() : [draft.task(event.position)]) {
        if (!isTerminal(task.status) && task.priority !== event.priority) draft.set(task, { priority: event.priority });
      }
      break;
    case 'ChainTimedOut': {
      if (status !== 'RUNNING') return conflict;
      if (draft.chain.deadlineAt === null || draft.chain.deadlineAt > draft.now) return draft.decision('STALE');
      const message = `the chain did not finish within its ${draft.chain.timeoutMs / 1000} s: raise options.timeout or look for the slow task`;
      draft.stop('FAILURE', failure('TIMEOUT_CHAIN', message));
      break;
    }
    case 'DecideApproval':
      if (isChainTerminal(status) || status === 'PENDING') return conflict;
      decideApproval(draft, event);
      break;
    case 'AnswerSignOff': {
      if (isChainTerminal(status) || status === 'PENDING') return conflict;
      if (answerSignOff(draft, event)) break;
      const { taskId, status: taskStatus } = draft.task(event.position);
      return { refused: 'TASK_STATE_CONFLICT', status, taskId, taskStatus };
    }
    case 'ApprovalTimedOut':
      if (!expireApproval(draft, event.position)) return draft.decision('STALE');
      break;
    case 'HoldTimedOut':
      if (!endHold(draft, event.position)) return draft.decision('STALE');
      break;
    case 'RepairChain':
      repair(draft);
      break;
  }
  return draft.decision('ACCEPTED');
}

/** Continues the chain's clock where it stopped, and tries again what was left to an operator. */
function resume(draft: Draft): void {
  draft.chain = { ...draft.chain, status: 'RUNNING' };
  draft.startClock();
  for (const task of draft.everyTask()) {
    if (task.hold === 'RETRIES_EXHAUSTED') draft.ready(task, 'Resumed', { failures: 0, firstQueuedAt: null });
    // From now on it only waits for a place, which `admitHeld` gives.
    else if (task.hold === 'CHAIN_PAUSED') draft.set(task, { hold: 'MAX_PARALLEL' });
  }
  draft.admitHeld();
}

/** Sets the chosen tasks back to PENDING and starts those whose parents allow it (I6). Opens a new epoch. */
function retry(draft: Draft, event: Extract<ChainCommand, { kind: 'RetryChain' }>): Decision | Refusal {
  const { chain } = draft;
  if (chain.status === 'PENDING') return { refused: 'CHAIN_STATE_CONFLICT', status: chain.status };
  if (chain.compensated === true) return { refused: 'CHAIN_COMPENSATED', status: chain.status };
  if (chain.hasParent === true && isChainTerminal(chain.status) && event.byParent !== true) {
    return { refused: 'CHILD_ENDED', status: chain.status };
  }
  const chosen = chosenTasks(draft, event);
  if (chosen.size === 0) return { refused: 'NOTHING_TO_RETRY', status: chain.status };
  if (isChainTerminal(chain.status)) {
    draft.chain = {
      ...chain,
      status: 'RUNNING',
      deadlineAt: draft.now + chain.timeoutMs,
      timeLeftMs: null,
    };
  }
  draft.chain = { ...draft.chain, epoch: chain.epoch + 1, endedBy: null };
  const fresh = {
    failures: 0,
    losses: 0,
    runId: null,
    skipReason: null,
    nextAttemptAt: null,
    error: null,
    firstQueuedAt: null,
  };
  for (const position of chosen) {
    const task = draft.task(position);
    if (task.status === 'PENDING') draft.set(task, fresh);
    else draft.move(task, 'Retried', 'PENDING', fresh);
  }
  // The retry may reach none of the parents of a PENDING task: that one keeps its counts (I6).
  draft.recountParents();
  draft.decidePending(chosen, 'ParentFinished');
  draft.chain = { ...draft.chain, error: standingError(draft) };
  // A task that was set back may have left its place to one that is held (I5).
  draft.admitHeld();
  endIfDone(draft);
  return draft.decision('ACCEPTED');
}

function chosenTasks(draft: Draft, event: Extract<ChainCommand, { kind: 'RetryChain' }>): Set<number> {
  const chosen = new Set<number>();
  if (event.from === undefined) {
    for (const { position, status, taskId } of draft.everyTask()) {
      // The task that ended the chain decides again: what it stopped does not run against its word.
      if (status === 'FAILURE' || status === 'CANCELLED' || status === 'SKIPPED' || taskId === draft.chain.endedBy) {
        chosen.add(position);
      }
    }
    return chosen;
  }
  const queue = [...event.from];
  for (let position = queue.pop(); position !== undefined; position = queue.pop()) {
    if (chosen.has(position)) continue;
    chosen.add(position);
    if (event.includeDownstream) queue.push(...draft.task(position).successors);
  }
  return chosen;
}

/** Whether a result in the place of the task's own is an answer that nobody gave: of a question, or of a list of questions. */
function standsForAnswers(draft: Draft, { taskType, position }: Task): boolean {
  if (taskType !== FOR_EACH) return taskType === SIGN_OFF;
  const isOpenQuestion = (each: Task): boolean => each.taskType === SIGN_OFF && !isTerminal(each.status);
  return [...draft.everyTask()].some((each) => each.successors.includes(position) && isOpenQuestion(each));
}
