import { Controller, Get, Header, Inject, ServiceUnavailableException } from '@nestjs/common';
import { APP_NAME } from '../platform.module.js';
import type { HealthReport } from './health-checks.js';
import { HealthService } from './health.service.js';

/**
 * The probes of an app without a public API: 200, or 503 with the failing checks named. The plugin of @nestjs/swagger makes files named
 * *.controller.ts import that package, which would take a third of the start of an app that documents nothing.
 */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthService,
    @Inject(APP_NAME) private readonly app: string,
  ) {}

  @Get('live')
  @Header('Cache-Control', 'no-store')
  async live(): Promise<object> {
    return this.answer(await this.health.live(), { uptime_s: Math.round(process.uptime()) });
  }

  @Get('ready')
  @Header('Cache-Control', 'no-store')
  async ready(): Promise<object> {
    return this.answer(await this.health.ready());
  }

  private answer(report: HealthReport, more: object = {}): object {
    const body = { app: this.app, ...report, ...more };
    if (report.status === 'failing') throw new ServiceUnavailableException(body);
    return body;
  }
}
