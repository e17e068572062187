/** One thing that must work before an app is ready. It rejects, or does not answer in time, when it does not. */
export interface HealthCheck {
  readonly name: string;
  /** `signal` fires at the time-out. */
  readonly check: (signal: AbortSignal) => Promise<unknown>;
}

export interface CheckResult {
  readonly status: 'ok' | 'failing';
  readonly ms: number;
  /** Why it fails, in words. */
  readonly detail?: string;
}

/** The body of /health/ready. */
export interface HealthReport {
  readonly status: 'ok' | 'failing';
  readonly checks: Readonly<Record<string, CheckResult>>;
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
