import { Controller, Get, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { AuditRepository, Databases, PLATFORM, type TenantDatabases } from '#libs/repositories';
import { Problem } from '../http/problem.js';
import { Roles } from '../auth/access.js';
import { ApiProblems } from '../http/api-problems.js';
import { TenantDb } from '../auth/tenant-db.js';
import { AuditPageDto, AuditQueryDto } from './audit.dto.js';

@ApiTags('audit')
@Controller('audit')
@Roles('admin')
export class AuditController {
  constructor(
    private readonly databases: Databases,
    private readonly log: AuditRepository,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listAuditRows',
    summary: 'List the audit log',
    description:
      'Newest first: changes, downloads and refused sign-ins. A row appears within a second or two. `npm run audit:verify` proves that no row was altered, removed or moved.',
  })
  @ApiResponse({ status: 200, type: AuditPageDto, description: 'A page of the log.' })
  @ApiProblems(400, 503)
  async list(
    @TenantDb() own: TenantDatabases,
    @Req() { identity }: FastifyRequest,
    @Query() query: AuditQueryDto,
  ): Promise<AuditPageDto> {
    const { limit = 50, platform = false, before = Number.MAX_SAFE_INTEGER, ...rest } = query;
    if (platform && identity?.role !== 'platform') {
      throw new Problem('FORBIDDEN', 'platform=true: the rows of the platform are for the role platform.');
    }
    const { reads } = platform ? this.databases.forTenant(PLATFORM) : own;
    const rows = await this.log.page(reads, { ...rest, before }, limit + 1);
    const items = rows.slice(0, limit);
    return { items, next_before: rows.length > limit ? items.at(-1)!.seq : null };
  }
}
