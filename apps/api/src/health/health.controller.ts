import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Counter, Histogram } from 'prom-client';
import { DEFAULT_TENANT } from '#libs/chain-domain';
import { runHealthChecks, type HealthReport, type Metrics } from '#libs/platform';
import { missingMigrations } from '#libs/repositories';
import { Problem } from '../http/problem.js';
import { Needs, Open } from '../auth/roles.js';
import { ApiProblems } from '../http/api-problems.js';
import { Databases, type SignedRequest } from '../database/databases.js';
import { LivenessDto, ReadinessDto } from './health.dto.js';

interface Reply {
  code(status: number): Reply;
  type(contentType: string): Reply;
}

/** The process's metrics, as Nest hands them out. */
export class ApiMetrics {
  readonly chainsCreated: Counter;
  /** By the route as it is declared, `none` where there is none; `status` is a class: `2xx`. */
  readonly requests: Histogram<'method' | 'route' | 'status'>;

  constructor(readonly metrics: Metrics) {
    this.requests = new Histogram({
      name: 'taskchain_http_request_seconds',
      help: 'Time from a request to the end of its answer; streams of events are left out',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers: [metrics.registry],
    });
    this.chainsCreated = new Counter({
      name: 'taskchain_chains_created_total',
      help: 'Chains that were created here',
      registers: [metrics.registry],
    });
  }
}

@ApiTags('system')
@Controller()
export class HealthController {
  constructor(
    private readonly databases: Databases,
    private readonly metrics: ApiMetrics,
  ) {}

  @Get('health/live')
  @Open()
  @ApiOperation({
    operationId: 'getLiveness',
    summary: 'Is the process alive?',
    description: 'Answers while the process does; asks no database.',
    security: [],
  })
  @ApiResponse({ status: 200, type: LivenessDto, description: 'It answers; nothing else is looked at.' })
  live(): LivenessDto {
    return { status: 'ok' };
  }

  @Get('health/ready')
  @Open()
  @ApiOperation({
    operationId: 'getReadiness',
    summary: 'Can it serve?',
    description: 'The database answers and has the schema of this version.',
    security: [],
  })
  @ApiResponse({ status: 200, type: ReadinessDto, description: 'It can.' })
  @ApiResponse({ status: 503, type: ReadinessDto, description: 'It can not; the failing checks say why.' })
  async ready(@Res({ passthrough: true }) reply: Reply): Promise<HealthReport> {
    const db = { query: (text: string) => this.databases.reads.query({ name: 'applied-migrations', text }) };
    const report = await runHealthChecks([
      {
        name: 'database',
        check: async () => {
          const missing = await missingMigrations(db);
          if (missing.length > 0) throw new Error(`the schema lacks ${missing[0]}: run "npm run migrate"`);
        },
      },
    ]);
    reply.code(report.status === 'ok' ? 200 : 503);
    return report;
  }

  @Get('metrics')
  @Needs('viewer')
  @ApiOperation({
    operationId: 'getProcessMetrics',
    summary: 'Prometheus metrics of this process',
    description:
      'Text in the format of Prometheus, of all tenants: for the role platform and the keys of the default tenant.',
  })
  @ApiProduces('text/plain')
  @ApiResponse({
    status: 200,
    description: "In Prometheus' text format.",
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  @ApiProblems()
  async expose(@Req() { identity }: SignedRequest, @Res({ passthrough: true }) reply: Reply): Promise<string> {
    if (identity?.role !== 'platform' && identity?.tenant !== DEFAULT_TENANT) {
      const detail =
        'These are the figures of all tenants: they are for the role platform and keys of the tenant default.';
      throw new Problem('FORBIDDEN', detail);
    }
    const { contentType, body } = await this.metrics.metrics.expose();
    reply.type(contentType);
    return body;
  }
}
