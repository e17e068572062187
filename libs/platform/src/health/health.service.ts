import { Inject, Injectable, ServiceUnavailableException, type OnModuleDestroy } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, type HealthCheckResult } from '@nestjs/terminus';
import type { CheckResult, HealthCheck, HealthChecks, HealthReport } from './health-checks.js';

/** Token of the app's HealthChecks. */
export const HEALTH_CHECKS = Symbol('HEALTH_CHECKS');

/** The timeout of a check, ms. */
const TIMEOUT_MS = 1_000;

const STOPPING: HealthReport = {
  status: 'failing',
  checks: { stopping: { status: 'failing', ms: 0, detail: 'the process is stopping and takes no more work' } },
};

/** Runs the app's checks by Terminus and reports them in the form of this system. */
@Injectable()
export class HealthService implements OnModuleDestroy {
  private stopping = false;

  constructor(
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    @Inject(HEALTH_CHECKS) private readonly checks: HealthChecks,
  ) {}

  /** The first hook of a shutdown: the app is not ready from here on, though it still ends its work. */
  onModuleDestroy(): void {
    this.stopping = true;
  }

  /** Reports whether a new process would help. A process that is stopping is live until it ends. */
  live(): Promise<HealthReport> {
    return this.report(this.checks.live);
  }

  /** Reports whether the app can do its work. */
  async ready(): Promise<HealthReport> {
    return this.stopping ? STOPPING : this.report(this.checks.ready);
  }

  private async report(checks: readonly HealthCheck[]): Promise<HealthReport> {
    const attempts = checks.map(({ name, check }) =>
      this.indicators
        .check(name)
        .attempt(async ({ signal }) => void (await check(signal)))
        .withTimeout(TIMEOUT_MS),
    );
    const { details } = await this.terminus.check(attempts).catch(resultOf);
    const results = Object.entries(details).map(([name, detail]) => [name, checkResult(detail)] as const);
    return {
      status: results.every(([, { status }]) => status === 'ok') ? 'ok' : 'failing',
      checks: Object.fromEntries(results),
    };
  }
}

/** Terminus throws the result where a check fails, and also while the process is stopping. */
function resultOf(error: unknown): HealthCheckResult {
  if (!(error instanceof ServiceUnavailableException)) throw error;
  return error.getResponse() as HealthCheckResult;
}

function checkResult(detail: HealthCheckResult['details'][string]): CheckResult {
  const ms = Number(detail['responseTime']);
  if (detail.status === 'up') return { status: 'ok', ms };
  const message = String(detail['message']).replace(/^timeout of (\d+)ms exceeded$/, 'no answer within $1 ms');
  return { status: 'failing', ms, detail: message };
}
