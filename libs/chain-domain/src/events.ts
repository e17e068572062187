import type { TaskError } from './state.js';
import type { ControlHold } from './states.js';

/** A command of an operator, a timer or the reconciler. Positions are places in the chain's list. */
export type ChainCommand =
  | { readonly kind: 'ExecuteChain' }
  | { readonly kind: 'CancelChain' }
  | { readonly kind: 'PauseChain' }
  | { readonly kind: 'ResumeChain' }
  /**
   * Runs tasks again. Without `from`: from the breakpoint, all that failed, was cancelled or skipped. With it: these
   * tasks, and with `includeDownstream` all that depends on them.
   */
  | {
      readonly kind: 'RetryChain';
      readonly from?: readonly number[];
      readonly includeDownstream: boolean;
      /** The task runs again that the chain is the child of. */
      readonly byParent?: boolean;
    }
  | { readonly kind: 'SkipTask'; readonly position: number }
  /** An operator gives the task's result; `endsChain` as of a success. */
  | { readonly kind: 'ResolveTask'; readonly position: number; readonly endsChain?: boolean }
  /** Of one task, or of all that are not finished. 1 (lowest) to 10. */
  | { readonly kind: 'SetPriority'; readonly position?: number; readonly priority: number }
  | { readonly kind: 'ChainTimedOut' }
  /**
   * The owner of some data decides on a task. `approve` runs one that waits for it again; `refuse` and `withdraw` fail
   * one that waits or runs. A task that has not been sent, or has ended, stays as it is: its next attempt is judged anew.
   */
  | {
      readonly kind: 'DecideApproval';
      readonly position: number;
      readonly decision: ApprovalDecision;
      /** The owner's words. */
      readonly words: string;
    }
  /**
   * Somebody whom the task asks has answered: `approve` is its success, `reject` its failure. `asked`: the attempt whose question the
   * answer is to.
   */
  | {
      readonly kind: 'AnswerSignOff';
      readonly position: number;
      readonly asked: number;
      readonly decision: SignOffDecision;
      readonly words: string;
    }
  /** The task waited too long for an approval. */
  | { readonly kind: 'ApprovalTimedOut'; readonly position: number }
  /** The time of a control task that waits is over. */
  | { readonly kind: 'HoldTimedOut'; readonly position: number }
  /** Makes a stored state keep the invariants again. Needs the whole chain; changes nothing in one that keeps them. */
  | { readonly kind: 'RepairChain' };

/** What somebody can answer who is asked to sign off. */
export type SignOffDecision = 'approve' | 'reject';

/** What an owner can decide on a task. */
export type ApprovalDecision = 'approve' | 'refuse' | 'withdraw';

/**
 * What became of one attempt of a task. `runId` is made by the worker as it starts; null where the system itself
 * speaks of whatever run there is (a loss, a time-out, a task that could not be sent) or of a control task, which no
 * worker runs.
 */
export type TaskEvent =
  | { readonly kind: 'TaskStarted'; readonly position: number; readonly attempt: number; readonly runId: string }
  | {
      readonly kind: 'TaskSucceeded';
      readonly position: number;
      readonly attempt: number;
      readonly runId: string | null;
      /** The condition of its `end_chain` holds. */
      readonly endsChain?: boolean;
      /** Of the end of a child: no more than this is left of the chain's time, ms. */
      readonly leftMs?: number;
    }
  | {
      readonly kind: 'TaskFailed';
      readonly position: number;
      readonly attempt: number;
      readonly runId: string | null;
      readonly error: TaskError;
      /** false: another try cannot mend it. */
      readonly retryable: boolean;
      /** In [0, 1): spreads retries. */
      readonly random: number;
      /** As of a success. */
      readonly leftMs?: number;
    }
  | { readonly kind: 'TaskLost'; readonly position: number; readonly attempt: number; readonly runId: string | null }
  /** It waited longer for a worker than its queue time-out allows. */
  | {
      readonly kind: 'TaskQueueTimedOut';
      readonly position: number;
      readonly attempt: number;
      readonly error: TaskError;
      readonly random: number;
    }
  /** A control task was opened: it waits for what its hold says, at most until then (ms); null: for as long as that takes. */
  | {
      readonly kind: 'TaskHeld';
      readonly position: number;
      readonly attempt: number;
      readonly hold: ControlHold;
      readonly until: number | null;
    }
  /** A turn of it is over, and another one begins then (ms); null: now. */
  | {
      readonly kind: 'TaskTurned';
      readonly position: number;
      readonly attempt: number;
      readonly until: number | null;
      /** As of a success. */
      readonly leftMs?: number;
    }
  /** Its `when` is false. */
  | { readonly kind: 'TaskConditionFalse'; readonly position: number; readonly attempt: number };

export type ChainEvent = ChainCommand | TaskEvent;

/**
 * What was made of an event. `STALE`: of an attempt or run that no longer counts. `DUPLICATE`: of one that has
 * already ended. `QUARANTINED`: of an attempt that has not been handed out (the database was restored to an older
 * state): kept, with an alert, and without effect.
 */
export type Disposition = 'ACCEPTED' | 'STALE' | 'DUPLICATE' | 'QUARANTINED';

/** Something to be done after the decision is stored. Effects are data; losing one costs time, never a task. */
export type Effect =
  /** Tell the worker that runs this attempt to stop. */
  | { readonly kind: 'AbortTask'; readonly position: number; readonly attempt: number }
  | { readonly kind: 'ChainFinished' }
  /** This task waits for an approval, as the first of its chain. */
  | { readonly kind: 'ApprovalAwaited'; readonly position: number }
  /** This task asks somebody to sign off. */
  | { readonly kind: 'SignOffAwaited'; readonly position: number }
  /** The chain is broken beyond repair, for these reasons: an operator must look at it. */
  | { readonly kind: 'HoldForOperator'; readonly faults: readonly Fault[] };

/** What no decision can repair. `position` is the place of the task that is missing, or that lacks a parent. */
export interface Fault {
  readonly kind: 'missing-task' | 'missing-dependency';
  readonly position: number;
}
