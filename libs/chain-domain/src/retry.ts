/** When and how often a failed task is tried again. Times in milliseconds. */
export interface RetryPolicy {
  /** Further tries after the first, 0..100. Losses of a worker do not count. */
  readonly maxRetries: number;
  /** false: a failure is final at once. */
  readonly retryOnFailure: boolean;
  readonly backoff: 'fixed' | 'exponential';
  readonly delayMs: number;
  readonly maxDelayMs: number;
  /** Spreads the delay over 50..100 % of itself, so that tasks which failed together do not come back together. */
  readonly jitter: boolean;
  /** Only failures with one of these codes are tried again; absent: all that can be mended by another try. */
  readonly retryOn?: readonly string[];
  /** Failures with these codes are final. */
  readonly neverRetryOn?: readonly string[];
  /** No try begins later than this after the task was first sent; absent: no limit. */
  readonly budgetMs?: number;
  /** What a failure without a further try does: fails the task, or holds the chain for an operator. */
  readonly onExhausted?: 'fail' | 'pause';
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  maxRetries: 0,
  retryOnFailure: true,
  backoff: 'fixed',
  delayMs: 1_000,
  maxDelayMs: 300_000,
  jitter: false,
};

/** A lost task is tried again this often before it fails with `WORKER_LOST`. */
export const MAX_LOSSES = 5;

/** Milliseconds before the next try, after the `failures`-th failure (1 is the first). `random` is in [0, 1). */
export function retryDelay(policy: RetryPolicy, failures: number, random: number): number {
  const factor = policy.backoff === 'exponential' ? 2 ** Math.min(failures - 1, 30) : 1;
  const delay = Math.min(policy.delayMs * factor, policy.maxDelayMs);
  return Math.round(policy.jitter ? delay * (0.5 + random / 2) : delay);
}

/** When the next try after this failure is due, or null if no try follows. `failures` counts this one. Times in ms. */
export function nextTryAt(
  policy: RetryPolicy,
  failure: { code: string; retryable: boolean; failures: number; firstQueuedAt: number | null; random: number },
  now: number,
): number | null {
  const { code, retryable, failures, firstQueuedAt, random } = failure;
  if (!retryable || !policy.retryOnFailure || failures > policy.maxRetries) return null;
  if (policy.neverRetryOn?.includes(code) === true) return null;
  if (policy.retryOn !== undefined && policy.retryOn.length > 0 && !policy.retryOn.includes(code)) return null;
  const due = now + retryDelay(policy, failures, random);
  return policy.budgetMs !== undefined && due > (firstQueuedAt ?? now) + policy.budgetMs ? null : due;
}
