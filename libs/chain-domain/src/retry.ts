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
