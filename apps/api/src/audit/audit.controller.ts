import { Controller, Get, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { AuditRepository, Databases, PLATFORM, type TenantDatabases } from '#libs/repositories';
import { Problem } from '../http/problem.js';
import { Roles } from '../auth/access.js';
import { ApiProblems } from '../http/api-problems.js';
import { TenantDb } from '../auth/tenant-db.js';
import { QueryReader } from '../http/query.js';
import { AuditPageDto } from './audit.dto.js';

const text = (maxLength: number) => ({ type: 'string' as const, minLength: 1, maxLength });
const time = { type: 'string' as const, format: 'date-time' };

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
      'Newest first. A change appears within a second or two. `npm run audit:verify` proves that no row was altered, removed or moved.',
  })
  @ApiQuery({ name: 'actor', required: false, schema: text(255), example: 'admin key' })
  @ApiQuery({ name: 'action', required: false, schema: text(64), example: 'cancelChain' })
  @ApiQuery({ name: 'target', required: false, description: 'Only changes to exactly this target.', schema: text(255) })
  @ApiQuery({ name: 'from', required: false, description: 'Only changes at or after this time.', schema: time })
  @ApiQuery({ name: 'to', required: false, description: 'Before this time.', schema: time })
  @ApiQuery({
    name: 'before',
    required: false,
    description: 'Only rows before this number.',
    schema: { type: 'integer', minimum: 1 },
  })
  @ApiQuery({
    name: 'platform',
    required: false,
    description: 'true: changes to tenants themselves. Only for the role platform.',
    schema: { type: 'boolean', default: false },
  })
  @ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 } })
  @ApiResponse({ status: 200, type: AuditPageDto, description: 'A page of the log.' })
  @ApiProblems(400, 503)
  async list(
    @TenantDb() own: TenantDatabases,
    @Req() { identity }: FastifyRequest,
    @Query() query: Record<string, unknown>,
  ): Promise<AuditPageDto> {
    const read = new QueryReader(query, ['actor', 'action', 'target', 'from', 'to', 'before', 'limit', 'platform']);
    const filter = {
      actor: read.text('actor'),
      action: read.text('action', 64),
      target: read.text('target'),
      from: read.time('from'),
      to: read.time('to'),
      before: read.number('before', Number.MAX_SAFE_INTEGER, 1, Number.MAX_SAFE_INTEGER),
    };
    const limit = read.number('limit', 50, 1, 200);
    const platform = read.list('platform', ['true', 'false'])?.includes('true') === true;
    read.end();
    if (platform && identity?.role !== 'platform') {
      throw new Problem('FORBIDDEN', 'platform=true: the rows of the platform are for the role platform.');
    }
    const { reads } = platform ? this.databases.forTenant(PLATFORM) : own;
    const rows = await this.log.page(reads, filter, limit + 1);
    const items = rows.slice(0, limit);
    return { items, next_before: rows.length > limit ? items.at(-1)!.seq : null };
  }
}
