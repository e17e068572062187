import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HealthService, type HealthReport } from '#libs/platform';
import { Public } from '../auth/access.js';
import { LivenessDto, ReadinessDto } from './health.dto.js';

/** The probes, documented as part of the API. */
@ApiTags('system')
@Controller()
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('health/live')
  @Public()
  @ApiOperation({
    operationId: 'getLiveness',
    summary: 'Check liveness',
    description: 'Does not check the database.',
    security: [],
  })
  @ApiResponse({ status: 200, type: LivenessDto, description: 'The process answers.' })
  live(): LivenessDto {
    return { status: 'ok' };
  }

  @Get('health/ready')
  @Public()
  @ApiOperation({
    operationId: 'getReadiness',
    summary: 'Check readiness',
    description: 'Checks that the database answers, has the schema of this version and room on its disk.',
    security: [],
  })
  @ApiResponse({ status: 200, type: ReadinessDto, description: 'Ready.' })
  @ApiResponse({ status: 503, type: ReadinessDto, description: 'Not ready; the failing checks say why.' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    const report = await this.health.ready();
    reply.code(report.status === 'ok' ? 200 : 503);
    return report;
  }
}
