/** A chain's status. `PENDING -> RUNNING -> SUCCESS | FAILURE | CANCELLED`, with `RUNNING <-> PAUSED`. */
export const CHAIN_STATUSES = ['PENDING', 'RUNNING', 'PAUSED', 'SUCCESS', 'FAILURE', 'CANCELLED'] as const;
export type ChainStatus = (typeof CHAIN_STATUSES)[number];

/**
 * A task's status. Each comment says when a task is in it, who moves it on, and what happens if that process dies.
 *
 * - `PENDING`: its parents are not finished. Moved on by the save that finishes a parent; if that process dies the
 *   save did not happen, and the parent's event comes again.
 * - `READY`: may run but is not sent (no room in its queue). Moved on by any dispatcher; the row itself is the outbox.
 * - `QUEUED`: sent, with a lease. Moved on by a worker's report; when the lease runs out it is sent again.
 * - `RUNNING`: a worker has it and renews the lease. When the lease runs out the task is lost and tried again.
 * - `RETRYING`: failed and waits for its backoff, or waits for an owner's approval, or is a control task that waits.
 *   Moved on by any dispatcher when due, by the owner, by what a control task waits for, or by the reconciler when its
 *   time is over.
 * - `SUCCESS`, `FAILURE`, `SKIPPED`, `CANCELLED`: final within an epoch (I1).
 */
export const TASK_STATUSES = [
  'PENDING',
  'READY',
  'QUEUED',
  'RUNNING',
  'RETRYING',
  'SUCCESS',
  'FAILURE',
  'SKIPPED',
  'CANCELLED',
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** Why a task was skipped. */
export type SkipReason =
  'UPSTREAM_FAILED' | 'UPSTREAM_SKIPPED' | 'TRIGGER_RULE' | 'CONDITION' | 'CHAIN_STOPPED' | 'OPERATOR';

/** No event changes such a chain any more, until a retry opens a new epoch. */
export function isChainTerminal(status: ChainStatus): boolean {
  return status === 'SUCCESS' || status === 'FAILURE' || status === 'CANCELLED';
}

/** No event changes such a task any more within its epoch (I1). */
export function isTerminal(status: TaskStatus): boolean {
  return status === 'SUCCESS' || status === 'FAILURE' || status === 'SKIPPED' || status === 'CANCELLED';
}

/** A worker has the task, or may be handed it by the queue: it has a lease, and a worker's report counts. */
export function isInFlight(status: TaskStatus): boolean {
  return status === 'QUEUED' || status === 'RUNNING';
}

/**
 * Why a READY or RETRYING task is held back; null for one that may be sent. `MAX_PARALLEL`: the chain has as many
 * tasks going as it allows. `RETRIES_EXHAUSTED`: its policy leaves it to an operator. `APPROVAL`: the owner of some
 * data must decide first. The others belong to control tasks.
 */
export type Hold = 'CHAIN_PAUSED' | 'MAX_PARALLEL' | 'RETRIES_EXHAUSTED' | 'APPROVAL' | ControlHold;

/**
 * What a control task waits for that was opened: `WAIT`, for a time; `CHILD`, for the end of the chain that it runs; `SIGNAL`, for an event from outside; `SIGN_OFF`, for a person. It is RETRYING, so it takes no slot, no connection and no
 * place of `max_parallel`, and its chain's clock stands while nothing else moves the chain.
 */
export const CONTROL_HOLDS = ['WAIT', 'CHILD', 'SIGNAL', 'SIGN_OFF'] as const;
export type ControlHold = (typeof CONTROL_HOLDS)[number];

/** The task is a control task that was opened and waits. */
export function isControlHold(hold: Hold | null): hold is ControlHold {
  return (CONTROL_HOLDS as readonly (Hold | null)[]).includes(hold);
}
