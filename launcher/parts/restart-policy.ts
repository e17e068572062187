/** When an app that ends is started again, and when to give up. Times in milliseconds. */
export interface RestartPolicy {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** This many ends within `windowMs` are too many. */
  readonly maxEnds: number;
  readonly windowMs: number;
}

export const RESTART_POLICY: RestartPolicy = { firstDelayMs: 200, maxDelayMs: 5000, maxEnds: 5, windowMs: 30_000 };

/** What follows an end at `now`, given the times of all ends so far, that one included: a delay, or undefined to give up. */
export function delayBeforeRestart(ends: readonly number[], now: number, policy: RestartPolicy): number | undefined {
  const recent = ends.filter((time) => now - time < policy.windowMs).length;
  if (recent >= policy.maxEnds) return undefined;
  return Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (recent - 1));
}
