/** Chains for the tests of this folder, and what must be true of any of them. */
import { expect } from '@jest/globals';
import { decide, dispatch, evolve, promote } from './decide.js';
import type { Decision, Refusal } from './decision.js';
import { isAdmitted, outcomeOf } from './draft.js';
import type { ChainEvent } from './events.js';
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from './retry.js';
import type { Chain, ChainState, Task } from './state.js';
import type { TaskStatus } from './states.js';
import { DEFAULT_SETTINGS } from './task-settings.js';

/** A task by what it differs in: `after` are the positions of its parents. */
export type SampleTask = Omit<Partial<Task>, 'retry'> & {
  readonly after?: readonly number[];
  readonly retry?: Partial<RetryPolicy>;
};

export const T0 = 1_000_000;

/** A chain as it is created: PENDING, all its tasks PENDING. Everything in it is frozen. */
export function sampleChain(tasks: readonly SampleTask[], chain: Partial<Chain> = {}): ChainState {
  const made = tasks.map(({ after = [], retry, ...task }, position): Task => ({
    position,
    taskId: 'abcdefghijkl'[position]!,
    taskType: 'echo',
    status: 'PENDING',
    attempt: 0,
    runId: null,
    failures: 0,
    losses: 0,
    parents: { pending: after.length, succeeded: 0, failed: 0, skipped: 0 },
    triggerRule: 'all_success',
    retry: { ...DEFAULT_RETRY_POLICY, ...retry },
    priority: 5,
    successors: tasks.flatMap((other, place) => (other.after?.includes(position) === true ? [place] : [])),
    ...DEFAULT_SETTINGS,
    hold: null,
    firstQueuedAt: null,
    skipReason: null,
    nextAttemptAt: null,
    approvedAttempt: null,
    error: null,
    ...task,
  }));
  const fresh: Chain = {
    status: 'PENDING',
    epoch: 1,
    totalTasks: made.length,
    completedTasks: 0,
    failedTasks: 0,
    skippedTasks: 0,
    cancelledTasks: 0,
    toleratedTasks: 0,
    admittedTasks: 0,
    maxParallel: null,
    stopOnError: false,
    timeoutMs: 60_000,
    approvalMs: 600_000,
    deadlineAt: null,
    timeLeftMs: null,
    error: null,
    endedBy: null,
    ...chain,
  };
  return frozen({ chain: { ...fresh, ...counted(made) }, tasks: new Map(made.map((task) => [task.position, task])) });
}

/** A state whose chain and tasks cannot be written to. */
export function frozen(state: ChainState): ChainState {
  Object.freeze(state.chain);
  for (const task of state.tasks.values()) {
    Object.freeze(task);
    Object.freeze(task.parents);
    Object.freeze(task.successors);
  }
  return state;
}

/** The counters of a chain by a recount (I4). */
function counted(tasks: Iterable<Task>): Partial<Chain> {
  const all = [...tasks];
  const of = (status: TaskStatus): Task[] => all.filter((task) => task.status === status);
  return {
    completedTasks: of('SUCCESS').length,
    failedTasks: of('FAILURE').length,
    toleratedTasks: of('FAILURE').filter((task) => task.tolerable).length,
    skippedTasks: of('SKIPPED').length,
    cancelledTasks: of('CANCELLED').length,
    admittedTasks: all.filter(isAdmitted).length,
  };
}

/** I4: the chain's counters and the parents' counts of PENDING tasks equal a recount. */
export function expectCounted({ chain, tasks }: ChainState): void {
  expect(chain).toMatchObject(counted(tasks.values()));
  for (const task of tasks.values()) {
    if (task.status !== 'PENDING') continue;
    const parents = { pending: 0, succeeded: 0, failed: 0, skipped: 0 };
    for (const parent of tasks.values()) if (parent.successors.includes(task.position)) parents[outcomeOf(parent)]++;
    expect({ task: task.taskId, ...task.parents }).toEqual({ task: task.taskId, ...parents });
  }
}

/** A chain that is played: events in, its state moves on. Proves on the way that `decide` leaves its input alone. */
export class Play {
  now = T0;

  constructor(public state: ChainState) {}

  /** Of tasks as they are created; the chain is started. */
  static of(tasks: readonly SampleTask[], chain: Partial<Chain> = {}): Play {
    const play = new Play(sampleChain(tasks, chain));
    play.give({ kind: 'ExecuteChain' });
    return play;
  }

  give(event: ChainEvent): Decision | Refusal {
    const before = [...this.state.tasks];
    const decision = decide(this.state, event, this.now);
    expect([...this.state.tasks]).toEqual(before);
    if (!('refused' in decision)) this.take(decision);
    return decision;
  }

  /** Sends tasks. */
  send(...positions: readonly number[]): this {
    for (const position of positions) this.take(dispatch(this.state, position, this.now));
    return this;
  }

  /** Sends tasks and lets them start. */
  run(...positions: readonly number[]): this {
    for (const position of positions) {
      this.send(position);
      this.give({ kind: 'TaskStarted', position, attempt: this.attempt(position), runId: this.runOf(position) });
    }
    return this;
  }

  succeed(...positions: readonly number[]): this {
    for (const position of positions) {
      if (this.task(position).status === 'READY') this.send(position);
      this.give({ kind: 'TaskSucceeded', position, attempt: this.attempt(position), runId: this.runOf(position) });
    }
    return this;
  }

  fail(position: number, code = 'TASK_ERROR', more: { retryable?: boolean; random?: number } = {}): this {
    if (this.task(position).status === 'READY') this.send(position);
    const { retryable = true, random = 0 } = more;
    const error = { code, message: `${code} of ${this.task(position).taskId}` };
    const [attempt, runId] = [this.attempt(position), this.runOf(position)];
    this.give({ kind: 'TaskFailed', position, attempt, runId, error, retryable, random });
    return this;
  }

  lose(position: number): this {
    this.give({ kind: 'TaskLost', position, attempt: this.attempt(position), runId: null });
    return this;
  }

  /** Makes a task READY once its backoff is over. */
  promote(position: number): this {
    this.take(promote(this.state, position, Math.max(this.now, this.task(position).nextAttemptAt!)));
    return this;
  }

  task(position: number): Task {
    return this.state.tasks.get(position)!;
  }

  /** `a SUCCESS, b READY (MAX_PARALLEL)`. */
  get tasks(): string {
    return [...this.state.tasks.values()]
      .map(({ taskId, status, hold }) => `${taskId} ${status}${hold === null ? '' : ` (${hold})`}`)
      .join(', ');
  }

  get chain(): Chain {
    return this.state.chain;
  }

  private attempt(position: number): number {
    return this.task(position).attempt;
  }

  private runOf(position: number): string {
    const { taskId, attempt, runId } = this.task(position);
    return runId ?? `${taskId}.${attempt}`;
  }

  private take(decision: Decision): void {
    const next = { chain: this.state.chain, tasks: new Map(this.state.tasks) };
    evolve(next, decision);
    this.state = frozen(next);
    expectCounted(this.state);
  }
}
