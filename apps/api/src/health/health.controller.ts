import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { runHealthChecks, type HealthReport } from '#libs/platform';
import { missingMigrations, Databases } from '#libs/repositories';
import { Public } from '../auth/access.js';
import { LivenessDto, ReadinessDto } from './health.dto.js';

@ApiTags('system')
@Controller()
export class HealthController {
  constructor(private readonly databases: Databases) {}

  @Get('health/live')
  @Public()
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
  @Public()
  @ApiOperation({
    operationId: 'getReadiness',
    summary: 'Can it serve?',
    description: 'The database answers and has the schema of this version.',
    security: [],
  })
  @ApiResponse({ status: 200, type: ReadinessDto, description: 'It can.' })
  @ApiResponse({ status: 503, type: ReadinessDto, description: 'It can not; the failing checks say why.' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
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
}
