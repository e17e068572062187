import { setTimeout as delay } from 'node:timers/promises';

/** One thing that must work. The check rejects, or does not answer in time, when it does not. */
export interface HealthCheck {
  readonly name: string;
  /** `signal` fires at the timeout. */
  readonly check: (signal: AbortSignal) => Promise<unknown>;
}

/** The checks of one app. */
export interface HealthChecks {
  /** Fail only where a new process would help. */
  readonly live: readonly HealthCheck[];
  /** Fail while the app cannot do its work. */
  readonly ready: readonly HealthCheck[];
}

/** The result of one check. */
export interface CheckResult {
  readonly status: 'ok' | 'failing';
  readonly ms: number;
  /** Why it fails, in words. */
  readonly detail?: string;
}

/** The results of all checks that a probe asked. */
export interface HealthReport {
  readonly status: 'ok' | 'failing';
  readonly checks: Readonly<Record<string, CheckResult>>;
}

/** Returns whether all checks pass within `timeoutMs`. For a check that looks at others first. */
export async function allPass(checks: readonly HealthCheck[], timeoutMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(timeoutMs);
  const passed = Promise.all(checks.map(({ check }) => check(signal))).then(
    () => true,
    () => false,
  );
  return Promise.race([passed, delay(timeoutMs, false, { ref: false })]);
}
