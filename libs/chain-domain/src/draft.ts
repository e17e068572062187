import type { Decision } from './decision.js';
import type { Disposition, Effect, Fault } from './events.js';
import { IncompleteState } from './state.js';
import type { Chain, ChainState, Task, TaskError } from './state.js';
import { isInFlight, isTerminal } from './states.js';
import type { ChainStatus, TaskStatus } from './states.js';
import { mayMove } from './transitions.js';
import type { TaskCause } from './transitions.js';
import type { ChainEnd } from './task-settings.js';
import { judge } from './trigger-rules.js';
import type { ParentCounts } from './trigger-rules.js';

/** Causes by which somebody ends a task that a worker may still run. */
const BY_DECISION: ReadonlySet<TaskCause> = new Set(['OperatorSkipped', 'OperatorResolved', 'Refused']);

/** A decision in the making: changes lie over the state, which stays as it is. */
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
    const task = this.find(position);
    if (task === undefined) throw new IncompleteState(position);
    return task;
  }

  /** The task, or undefined where the whole chain was read and has no such row. */
  find(position: number): Task | undefined {
    const task = this.changed.get(position) ?? this.state.tasks.get(position);
    if (task === undefined && this.state.whole !== true) throw new IncompleteState(position);
    return task;
  }

  /** All tasks by position. Passes over a missing row, so that an operator can still stop a broken chain. */
  *everyTask(): Iterable<Task> {
    for (let position = 0; position < this.chain.totalTasks; position++) {
      const task = this.find(position);
      if (task !== undefined) yield task;
    }
  }

  /** Moves a task along the transition table, and the chain's counters with it (I1, I4). A move off the table is a bug. */
  move(task: Task, cause: TaskCause, to: TaskStatus, change: Partial<Task> = {}): Task {
    if (!mayMove(task.status, cause, to)) {
      throw new Error(`illegal move of ${task.taskId}: ${task.status} -${cause}-> ${to}`);
    }
    if (isInFlight(task.status) && (to === 'PENDING' || to === 'CANCELLED' || BY_DECISION.has(cause))) {
      this.effects.push({ kind: 'AbortTask', position: task.position, attempt: task.attempt });
    }
    return this.put(task, { ...task, hold: null, ...change, status: to });
  }

  /** Changes a task without moving it. */
  set(task: Task, change: Partial<Omit<Task, 'status'>>): Task {
    return this.put(task, { ...task, ...change });
  }

  /** Makes a task READY: admitted, or held where the chain is paused or has no place. */
  ready(task: Task, cause: TaskCause, change: Partial<Task> = {}): Task {
    const others = this.chain.admittedTasks - (isAdmitted(task) ? 1 : 0);
    const full = this.chain.maxParallel !== null && others >= this.chain.maxParallel;
    const hold = this.chain.status === 'PAUSED' ? 'CHAIN_PAUSED' : full ? 'MAX_PARALLEL' : null;
    return this.move(task, cause, 'READY', { ...change, hold });
  }

  /** The chain begins: what needs no parent is ready (I2). */
  startReadyTasks(): void {
    for (const task of this.everyTask()) {
      if (judge(task.triggerRule, task.parents) === 'run') this.ready(task, 'ChainStarted');
    }
  }

  /** Counts a finished parent in its successors, and in theirs where that skips one. Iterative: chains may be deep. */
  notifySuccessors(finished: Task): void {
    const queue: Task[] = [finished];
    for (let parent = queue.pop(); parent !== undefined; parent = queue.pop()) {
      for (const position of parent.successors) {
        const task = this.find(position);
        // A task that has left PENDING is decided: its rule fired early, an operator acted, or it is of an older epoch.
        if (task?.status !== 'PENDING') continue;
        const parents = countParent(task.parents, parent);
        const verdict = judge(task.triggerRule, parents);
        if (verdict === 'wait') this.set(task, { parents });
        else if (verdict === 'run') this.ready(task, 'ParentFinished', { parents });
        else queue.push(this.move(task, 'ParentFinished', 'SKIPPED', { parents, skipReason: verdict }));
      }
    }
  }

  /** Starts or skips, for `cause`, each PENDING task among these whose trigger rule is already certain (I2). */
  decidePending(positions: Iterable<number>, cause: 'ParentFinished' | 'Repaired'): void {
    for (const position of positions) {
      const task = this.find(position);
      if (task?.status !== 'PENDING') continue; // Skipped by one before it.
      const verdict = judge(task.triggerRule, task.parents);
      if (verdict === 'run') this.ready(task, cause);
      else if (verdict !== 'wait') this.notifySuccessors(this.move(task, cause, 'SKIPPED', { skipReason: verdict }));
    }
  }

  /** Counts the parents of every PENDING task anew. */
  recountParents(): void {
    const counts = new Map<number, Record<keyof ParentCounts, number>>();
    const tasks = [...this.everyTask()];
    for (const task of tasks) counts.set(task.position, { pending: 0, succeeded: 0, failed: 0, skipped: 0 });
    for (const task of tasks) {
      for (const successor of task.successors) {
        const parents = counts.get(successor);
        if (parents !== undefined) parents[outcomeOf(task)]++;
      }
    }
    for (const task of tasks) {
      const parents = counts.get(task.position)!;
      if (task.status === 'PENDING' && !sameCounts(task.parents, parents)) this.set(task, { parents });
    }
  }

  /** Counts the chain's tasks anew (I4). Changes nothing where the counters are right. */
  recount(): void {
    const tasks = [...this.everyTask()];
    const count = (holds: (task: Task) => boolean): number => tasks.filter(holds).length;
    const counters = {
      completedTasks: count(({ status }) => status === 'SUCCESS'),
      failedTasks: count(({ status }) => status === 'FAILURE'),
      toleratedTasks: count(({ status, tolerable }) => status === 'FAILURE' && tolerable),
      skippedTasks: count(({ status }) => status === 'SKIPPED'),
      cancelledTasks: count(({ status }) => status === 'CANCELLED'),
      admittedTasks: count(isAdmitted),
    };
    const wrong = Object.entries(counters).some(([name, value]) => this.chain[name as keyof Chain] !== value);
    if (wrong) this.chain = { ...this.chain, ...counters };
  }

  /** Admits held tasks, the most urgent first, as long as `maxParallel` leaves room and the chain is not paused. */
  admitHeld(): void {
    const { maxParallel, status } = this.chain;
    if (status !== 'RUNNING' || (maxParallel !== null && this.chain.admittedTasks >= maxParallel)) return;
    const held = [...this.everyTask()].filter((task) => task.status === 'READY' && task.hold !== null);
    held.sort((a, b) => b.priority - a.priority || a.position - b.position);
    for (const task of held) {
      if (maxParallel !== null && this.chain.admittedTasks >= maxParallel) return;
      this.set(task, { hold: null });
    }
  }

  /** Ends the chain now: cancels what runs and skips what waits. */
  stop(status: ChainEnd, error: TaskError | null): void {
    this.stopLive();
    this.end(status, error);
  }

  /** Cancels every task in flight and skips every other one that is not final. */
  stopLive(): void {
    for (const task of this.everyTask()) {
      if (isTerminal(task.status)) continue;
      if (isInFlight(task.status)) this.move(task, 'ChainStopped', 'CANCELLED');
      else this.move(task, 'ChainStopped', 'SKIPPED', { skipReason: 'CHAIN_STOPPED', nextAttemptAt: null });
    }
  }

  end(status: ChainStatus, error: TaskError | null): void {
    if (this.chain.hasParent === true) this.stopClock();
    const timeLeftMs = this.chain.hasParent === true ? this.chain.timeLeftMs : null;
    this.chain = { ...this.chain, status, error, deadlineAt: null, timeLeftMs };
    this.effects.push({ kind: 'ChainFinished' });
  }

  pause(): void {
    this.chain = { ...this.chain, status: 'PAUSED' };
    this.stopClock();
    for (const task of this.everyTask()) {
      if (task.status === 'READY' && task.hold === null) this.set(task, { hold: 'CHAIN_PAUSED' });
    }
  }

  /**
   * Stops the chain's clock while nothing but approvals can move the chain, and starts it where it stood when something
   * else can. A RUNNING chain without an admitted task has no READY one: it waits for backoffs, or for approvals alone.
   */
  private followClock(): void {
    const { status, admittedTasks, deadlineAt, timeLeftMs } = this.chain;
    if (status !== 'RUNNING') return;
    const backsOff = ({ status, hold }: Task): boolean => status === 'RETRYING' && hold === null;
    const moves = admittedTasks > 0 || [...this.changed.values()].some(backsOff);
    if (timeLeftMs !== null) {
      if (moves) this.startClock();
    } else if (deadlineAt !== null && !moves && ![...this.everyTask()].some(backsOff)) this.stopClock();
  }

  /** A child has used up time of the chain: no more than this is left, whether the clock goes or stands. */
  limitClock(leftMs: number): void {
    const { deadlineAt, timeLeftMs } = this.chain;
    this.chain = {
      ...this.chain,
      deadlineAt: deadlineAt && Math.min(deadlineAt, this.now + leftMs),
      timeLeftMs: timeLeftMs && Math.min(timeLeftMs, leftMs),
    };
  }

  startClock(): void {
    const { timeLeftMs } = this.chain;
    const deadlineAt = timeLeftMs === null ? null : this.now + timeLeftMs;
    this.chain = { ...this.chain, deadlineAt, timeLeftMs: null };
  }

  /** A clock that stands already keeps what it shows. */
  private stopClock(): void {
    const { deadlineAt } = this.chain;
    if (deadlineAt === null) return;
    this.chain = { ...this.chain, deadlineAt: null, timeLeftMs: Math.max(0, deadlineAt - this.now) };
  }

  effect(effect: Effect): void {
    this.effects.push(effect);
  }

  /** Leaves the chain to an operator: pauses it where it runs. */
  hold(faults: readonly Fault[]): void {
    if (this.chain.status === 'RUNNING') this.pause();
    this.effects.push({ kind: 'HoldForOperator', faults });
  }

  decision(disposition: Disposition): Decision {
    if (disposition === 'ACCEPTED') this.followClock();
    return { disposition, chain: this.chain, changed: this.changed, effects: this.effects };
  }

  private put(before: Task, after: Task): Task {
    this.changed.set(after.position, after);
    const admitted = Number(isAdmitted(after)) - Number(isAdmitted(before));
    if (before.status !== after.status || admitted !== 0) {
      const { chain } = this;
      const step = (status: TaskStatus): number => Number(after.status === status) - Number(before.status === status);
      this.chain = {
        ...chain,
        completedTasks: chain.completedTasks + step('SUCCESS'),
        failedTasks: chain.failedTasks + step('FAILURE'),
        toleratedTasks: chain.toleratedTasks + (after.tolerable ? step('FAILURE') : 0),
        skippedTasks: chain.skippedTasks + step('SKIPPED'),
        cancelledTasks: chain.cancelledTasks + step('CANCELLED'),
        admittedTasks: chain.admittedTasks + admitted,
      };
    }
    return after;
  }
}

/** A task that takes one of the chain's parallel places. */
export function isAdmitted(task: Task): boolean {
  return isInFlight(task.status) || (task.status === 'READY' && task.hold === null);
}

/** The outcome of a parent as its successors count it. */
export function outcomeOf(parent: Task): keyof ParentCounts {
  switch (parent.status) {
    case 'SUCCESS':
      return 'succeeded';
    case 'FAILURE':
      return parent.tolerable ? 'succeeded' : 'failed';
    case 'CANCELLED':
      return 'failed';
    case 'SKIPPED':
      return parent.skipReason === 'UPSTREAM_FAILED' ? 'failed' : 'skipped';
    default:
      return 'pending';
  }
}

function sameCounts(a: ParentCounts, b: ParentCounts): boolean {
  return a.pending === b.pending && a.succeeded === b.succeeded && a.failed === b.failed && a.skipped === b.skipped;
}

function countParent(counts: ParentCounts, parent: Task): ParentCounts {
  const outcome = outcomeOf(parent);
  return { ...counts, pending: counts.pending - 1, [outcome]: counts[outcome] + 1 };
}
