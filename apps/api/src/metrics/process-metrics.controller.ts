import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiOperation, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Roles } from '../auth/access.js';
import { requireAllTenants } from '../auth/require-all-tenants.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiMetrics } from './api-metrics.js';

@ApiTags('system')
@Controller('metrics')
export class ProcessMetricsController {
  constructor(private readonly metrics: ApiMetrics) {}

  @Get()
  @Roles('viewer')
  @ApiOperation({
    operationId: 'getProcessMetrics',
    summary: 'Get the Prometheus metrics of this process',
    description:
      "Metrics of this process over all tenants, in Prometheus' text format. Only for the role platform and keys of the default tenant.",
  })
  @ApiProduces('text/plain')
  @ApiResponse({
    status: 200,
    description: "In Prometheus' text format.",
    content: { 'text/plain': { schema: { type: 'string' } } },
  })
  @ApiProblems()
  async expose(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    requireAllTenants(request);
    reply.type(this.metrics.registry.contentType);
    return this.metrics.registry.metrics();
  }
}
