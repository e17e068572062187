import type { Decision } from './decision.js';
import type { Disposition, Effect } from './events.js';
import { IncompleteState } from './state.js';
import type { Chain, ChainState, Task, TaskError } from './state.js';
import { isInFlight, isTerminal } from './states.js';
import type { ChainStatus, TaskStatus } from './states.js';
import { mayMove } from './transitions.js';
import type { TaskCause } from './transitions.js';
import { judge } from './trigger-rules.js';

/** A decision in the making: the state underneath stays as it is, changes lie on top of it. */
export class Draft {
  chain: Chain;
  private readonly changed = new Map<number, Task>();
  private readonly effects: Effect[] = [];

  constructor(
    private readonly state: ChainState,
    readonly now: number,
  ) {
    this.chain = state.chain;
  }

  /** Throws `IncompleteState` for a task that was not loaded. */
  task(position: number): Task {
    const task = this.changed.get(position) ?? this.state.tasks.get(position);
    if (task === undefined) throw new IncompleteState(position);
    return task;
  }

  /** Moves a task along the transition table, and the chain's counters with it (I1, I4). A move off the table is a bug. */
  move(task: Task, cause: TaskCause, to: TaskStatus, change: Partial<Task> = {}): Task {
    if (!mayMove(task.status, cause, to))
      throw new Error(`illegal move of ${task.taskId}: ${task.status} -${cause}-> ${to}`);
    const moved: Task = { ...task, ...change, status: to };
    this.changed.set(task.position, moved);
    const { chain } = this;
    if (to === 'SUCCESS') this.chain = { ...chain, completedTasks: chain.completedTasks + 1 };
    else if (to === 'FAILURE') this.chain = { ...chain, failedTasks: chain.failedTasks + 1 };
    else if (to === 'SKIPPED') this.chain = { ...chain, skippedTasks: chain.skippedTasks + 1 };
    else if (to === 'CANCELLED') this.chain = { ...chain, cancelledTasks: chain.cancelledTasks + 1 };
    return moved;
  }

  /** The chain begins: what needs no parent is ready (I2). */
  startReadyTasks(): void {
    for (const task of this.everyTask()) {
      if (judge(task.triggerRule, task.parents) === 'run') this.move(task, 'ChainStarted', 'READY');
    }
  }

  /** Tells the successors of a finished task, and theirs where one is skipped by it. Iterative: chains may be deep. */
  notifySuccessors(finished: Task): void {
    const queue: Task[] = [finished];
    for (let parent = queue.pop(); parent !== undefined; parent = queue.pop()) {
      for (const position of parent.successors) {
        const task = this.task(position);
        const parents = countParent(task, parent);
        const verdict = task.status === 'PENDING' ? judge(task.triggerRule, parents) : 'wait';
        if (verdict === 'wait') this.changed.set(position, { ...task, parents });
        else if (verdict === 'run') this.move(task, 'ParentFinished', 'READY', { parents });
        else queue.push(this.move(task, 'ParentFinished', 'SKIPPED', { parents, skipReason: verdict }));
      }
    }
  }

  /** Ends the chain now: what runs is cancelled and told to stop, what waits is skipped. */
  stop(status: 'FAILURE' | 'CANCELLED', error: TaskError | null): void {
    for (const task of this.everyTask()) {
      if (isTerminal(task.status)) continue;
      if (isInFlight(task.status)) {
        this.move(task, 'ChainStopped', 'CANCELLED');
        this.effects.push({ kind: 'AbortTask', position: task.position, attempt: task.attempt });
      } else {
        this.move(task, 'ChainStopped', 'SKIPPED', { skipReason: 'CHAIN_STOPPED', nextAttemptAt: null });
      }
    }
    this.end(status, error);
  }

  end(status: ChainStatus, error: TaskError | null): void {
    this.chain = { ...this.chain, status, error, deadlineAt: null };
    this.effects.push({ kind: 'ChainFinished' });
  }

  decision(disposition: Disposition): Decision {
    return { disposition, chain: this.chain, changed: this.changed, effects: this.effects };
  }

  private *everyTask(): Iterable<Task> {
    for (let position = 0; position < this.chain.totalTasks; position++) yield this.task(position);
  }
}

function countParent(task: Task, parent: Task): Task['parents'] {
  const { pending, succeeded, failed, skipped } = task.parents;
  const parents = { pending: pending - 1, succeeded, failed, skipped };
  if (parent.status === 'SUCCESS') return { ...parents, succeeded: succeeded + 1 };
  if (parent.status === 'FAILURE' || parent.skipReason === 'UPSTREAM_FAILED') return { ...parents, failed: failed + 1 };
  return { ...parents, skipped: skipped + 1 };
}
