import type { TaskError } from './state.js';

/** Codes of the failures that a task of any type, or a chain, can have. A task type has codes besides these. */
export const FAILURE_CODES = [
  'TASK_ERROR',
  'INVALID_PARAMS',
  'PARTY_RESULT_UNAVAILABLE',
  'SECRET_NOT_ALLOWED',
  'SECRET_UNAVAILABLE',
  'INVALID_RESULT',
  'RESULT_TOO_LARGE',
  'TIMEOUT_RUN',
  'TIMEOUT_QUEUE',
  'TIMEOUT_CHAIN',
  'TIMEOUT_SIGNAL',
  'CHAIN_ENDED',
  'CHAIN_INCONSISTENT',
  'TOO_FEW_SUCCEEDED',
  'NOT_A_LIST',
  'TOO_MANY_ITEMS',
  'CHILD_FAILED',
  'CHILD_CANCELLED',
  'TURNS_EXHAUSTED',
  'ARTIFACT_OF_OTHER_CHAIN',
  'WORKER_LOST',
  'DISK_FULL',
  'APPROVAL_REQUIRED',
  'APPROVAL_EXPIRED',
  'SIGN_OFF_REJECTED',
  'SIGN_OFF_EXPIRED',
  'POLICY_REFUSED',
  'BUDGET_EXHAUSTED',
  'ROWS_TOO_CLOSE',
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/** The error of a failure that no task type makes. */
export function failure(code: FailureCode, message: string): TaskError {
  return { code, message };
}
