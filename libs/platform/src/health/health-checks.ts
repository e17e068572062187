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

/** Whether all checks pass within `timeoutMs`. For a check that looks at others first. */
export async function allPass(checks: readonly HealthCheck[], timeoutMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(timeoutMs);
  const passed = Promise.all(checks.map(({ check }) => check(signal))).then(
    () => true,
    () => false,
  );
  return Promise.race([passed, delay(timeoutMs, false, { ref: false })]);
}
/** Runs all checks at once; each counts as failing after `timeoutMs`. Never rejects. */
export async function runHealthChecks(checks: readonly HealthCheck[], timeoutMs = 1000): Promise<HealthReport> {
  const results = await Promise.all(checks.map((check) => runOne(check, timeoutMs)));
  const failing = results.some((result) => result.status === 'failing');
  return {
    status: failing ? 'failing' : 'ok',
    checks: Object.fromEntries(checks.map((check, i) => [check.name, results[i]!])),
  };
}

async function runOne({ check }: HealthCheck, timeoutMs: number): Promise<CheckResult> {
  const started = performance.now();
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeOut = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${timeoutMs} ms`));
      abort.abort();
    }, timeoutMs);
  });
  const ms = () => Math.round(performance.now() - started);
  try {
    await Promise.race([Promise.resolve().then(() => check(abort.signal)), timeOut]);
    return { status: 'ok', ms: ms() };
  } catch (error) {
    return { status: 'failing', ms: ms(), detail: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
