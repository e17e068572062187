import type { TaskStatus } from './states.js';

/** The causes of a move. */
export const TASK_CAUSES = [
  'ChainStarted',
  'ParentFinished',
  'Dispatched',
  'Opened',
  'Started',
  'Succeeded',
  'Failed',
  'Lost',
  'Approved',
  'Refused',
  'ApprovalExpired',
  'QueueTimedOut',
  'ConditionFalse',
  'BackoffOver',
  'HoldOver',
  'Turned',
  'Resumed',
  'ChainStopped',
  'OperatorSkipped',
  'OperatorResolved',
  'Retried',
  'Repaired',
] as const;
export type TaskCause = (typeof TASK_CAUSES)[number];

const BY_OPERATOR = { OperatorSkipped: ['SKIPPED'], OperatorResolved: ['SUCCESS'] } as const;
const AGAIN = { Retried: ['PENDING'] } as const;

/**
 * The task state machine: for each status and cause, the statuses it may lead to. No other move exists: `decide`,
 * `dispatch` and `promote` check every move against it, the bulk statements are tested against them, and the chart in
 * ARCHITECTURE.md is made from it. Only `Retried`, which opens a new epoch, leaves a final status (I1).
 */
export const TASK_TRANSITIONS: Readonly<
  Record<TaskStatus, Readonly<Partial<Record<TaskCause, readonly TaskStatus[]>>>>
> = {
  PENDING: {
    ChainStarted: ['READY'],
    ParentFinished: ['READY', 'SKIPPED'],
    Repaired: ['READY', 'SKIPPED'],
    ChainStopped: ['SKIPPED'],
    ...BY_OPERATOR,
  },
  READY: {
    Dispatched: ['QUEUED'],
    QueueTimedOut: ['RETRYING', 'FAILURE'],
    ChainStopped: ['SKIPPED'],
    ...BY_OPERATOR,
    ...AGAIN,
  },
  QUEUED: {
    Started: ['RUNNING'],
    Opened: ['RETRYING'],
    Succeeded: ['SUCCESS'],
    Failed: ['RETRYING', 'FAILURE'],
    Lost: ['READY', 'FAILURE'],
    Approved: ['READY'],
    Refused: ['FAILURE'],
    QueueTimedOut: ['RETRYING', 'FAILURE'],
    ConditionFalse: ['SKIPPED'],
    ChainStopped: ['CANCELLED'],
    ...BY_OPERATOR,
    ...AGAIN,
  },
  RUNNING: {
    Succeeded: ['SUCCESS'],
    Failed: ['RETRYING', 'FAILURE'],
    Lost: ['READY', 'FAILURE'],
    Approved: ['READY'],
    Refused: ['FAILURE'],
    ChainStopped: ['CANCELLED'],
    ...BY_OPERATOR,
    ...AGAIN,
  },
  RETRYING: {
    BackoffOver: ['READY'],
    HoldOver: ['SUCCESS', 'FAILURE'],
    Turned: ['READY', 'RETRYING'],
    Succeeded: ['SUCCESS'],
    Failed: ['RETRYING', 'FAILURE'],
    Approved: ['READY'],
    Refused: ['FAILURE'],
    ApprovalExpired: ['FAILURE'],
    Resumed: ['READY'],
    Repaired: ['READY'],
    ChainStopped: ['SKIPPED'],
    ...BY_OPERATOR,
    ...AGAIN,
  },
  SUCCESS: AGAIN,
  FAILURE: AGAIN,
  SKIPPED: AGAIN,
  CANCELLED: AGAIN,
};

/** Whether the table allows the move. */
export function mayMove(from: TaskStatus, cause: TaskCause, to: TaskStatus): boolean {
  return TASK_TRANSITIONS[from][cause]?.includes(to) ?? false;
}
