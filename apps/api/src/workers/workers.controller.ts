import { Controller, Get, Req } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { readWorkers, type TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { requireAllTenants } from '../auth/require-all-tenants.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ApiProblems } from '../http/api-problems.js';
import { WorkerListDto } from './workers.dto.js';

@ApiTags('system')
@Controller('workers')
@Roles('viewer')
export class WorkersController {
  @Get()
  @ApiOperation({
    operationId: 'listWorkers',
    summary: 'List the workers',
    description:
      'What their heartbeats said, those that are alive first, then by id; at most 1,000. A worker that was silent for a minute is left out. Workers run the tasks of all tenants: only for the role platform and keys of the default tenant.',
  })
  @ApiResponse({ status: 200, type: WorkerListDto, description: 'The workers.' })
  @ApiProblems(503)
  async list(@Req() request: FastifyRequest, @TenantDb() { reads }: TenantDatabases): Promise<WorkerListDto> {
    requireAllTenants(request);
    return { items: await readWorkers(reads) };
  }
}
