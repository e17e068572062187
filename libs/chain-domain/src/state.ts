import type { RetryPolicy } from './retry.js';
import type { ChainStatus, Hold, SkipReason, TaskStatus } from './states.js';
import type { TaskSettings } from './task-settings.js';
import type { ParentCounts, TriggerRule } from './trigger-rules.js';

/** The part of a chain that `decide` needs. Times are milliseconds since 1970 by PostgreSQL's clock. */
export interface Chain {
  readonly status: ChainStatus;
  /** How many times the chain was taken up; 1 at first. */
  readonly epoch: number;
  readonly totalTasks: number;
  /** Tasks in SUCCESS, FAILURE, SKIPPED and CANCELLED: equal to a recount (I4). */
  readonly completedTasks: number;
  readonly failedTasks: number;
  readonly skippedTasks: number;
  readonly cancelledTasks: number;
  /** Of the failed ones, those that may fail without failing the chain. */
  readonly toleratedTasks: number;
  /** Tasks that are in flight or READY and not held. */
  readonly admittedTasks: number;
  /** At most so many tasks are admitted at once; null: no limit. */
  readonly maxParallel: number | null;
  readonly stopOnError: boolean;
  /** The whole chain's time, from execute. */
  readonly timeoutMs: number;
  /** A task waits this long for an approval. */
  readonly approvalMs: number;
  readonly deadlineAt: number | null;
  /**
   * What is left of its time while its clock stands: it is paused, or waits for approvals alone; of a child that has ended, what
   * it has left to its parent. Else null.
   */
  readonly timeLeftMs: number | null;
  /** Why it failed, in words. */
  readonly error: TaskError | null;
  /** The id of the task whose `end_chain` ended it; null: it ended otherwise, or goes on. */
  readonly endedBy: string | null;
  /** Another chain undoes what this one did: it stays ended. */
  readonly compensated?: boolean;
  /** A task of another chain runs it. */
  readonly hasParent?: boolean;
}

/** The part of a task that `decide` needs. */
export interface Task extends TaskSettings {
  /** 0-based place in the chain's list. */
  readonly position: number;
  readonly taskId: string;
  readonly taskType: string;
  readonly status: TaskStatus;
  /** Fencing token: +1 at each dispatch of a new try, never reset (I9). 0 before the first. */
  readonly attempt: number;
  /** The run that was seen first for this attempt: the only one whose reports count. */
  readonly runId: string | null;
  /** Failures so far that the retry policy counts. */
  readonly failures: number;
  /** Losses so far of a worker that had it. */
  readonly losses: number;
  readonly parents: ParentCounts;
  readonly triggerRule: TriggerRule;
  readonly retry: RetryPolicy;
  readonly priority: number;
  /** Positions of the tasks that name this one as a parent. */
  readonly successors: readonly number[];
  /** Positions of its parents, where the chain was read whole: `RepairChain` compares them with `successors`. */
  readonly predecessors?: readonly number[];
  readonly hold: Hold | null;
  /** When it was first sent. */
  readonly firstQueuedAt: number | null;
  readonly skipReason: SkipReason | null;
  /** When its backoff, or its time for an approval, is over. */
  readonly nextAttemptAt: number | null;
  /** The attempt during which an approval came: one that does not know of it yet is tried again instead of held. */
  readonly approvedAttempt: number | null;
  readonly error: TaskError | null;
}

/** Why a task or chain failed: `code` is stable UPPER_SNAKE, `message` says what to do. */
export interface TaskError {
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A chain with its loaded tasks by position. */
export interface ChainState {
  chain: Chain;
  readonly tasks: Map<number, Task>;
  /** All rows of the chain were read: a task that is not here does not exist. */
  readonly whole?: boolean;
}

/** `decide` needs a task that was not loaded: load the whole chain and decide again. */
export class IncompleteState extends Error {
  constructor(position: number) {
    super(`task at position ${position} is not loaded`);
    this.name = 'IncompleteState';
  }
}
