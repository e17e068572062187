import { Body, Controller, Get, Headers, HttpCode, Param, Patch, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { answerOnce } from '#libs/chain-engine';
import {
  AuditRepository,
  Databases,
  PLATFORM,
  TenantRepository,
  type Queryable,
  type Tenant,
  type TenantDatabases,
} from '#libs/repositories';
import { Problem } from '../http/problem.js';
import { Roles } from '../auth/access.js';
import { TENANT_ID } from '../http/patterns.js';
import { SignIn } from '../auth/sign-in.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { callerOf } from '../auth/caller.js';
import { TenantDb } from '../auth/tenant-db.js';
import { answerOf, IDEMPOTENCY_KEY, idempotentRequest } from '../http/idempotency-key.js';
import { TenantDirectory } from '../auth/tenant-directory.js';
import { NewTenantDto, OwnTenantDto, TenantChangeDto, TenantDto, TenantListDto } from './tenants.dto.js';

/** A caller's own tenant. */
@ApiTags('tenants')
@Controller('tenant')
@Roles('viewer')
export class TenantController {
  constructor(private readonly tenants: TenantRepository) {}

  @Get()
  @ApiOperation({
    operationId: 'getTenant',
    summary: 'Get your own tenant',
    description: 'The tenant with its limits and current usage.',
  })
  @ApiResponse({ status: 200, type: OwnTenantDto, description: "The caller's tenant." })
  @ApiProblems(404, 503)
  async get(@TenantDb() { reads }: TenantDatabases): Promise<OwnTenantDto> {
    const [tenant, use] = await Promise.all([this.tenants.find(reads, reads.tenant!), this.tenants.use(reads)]);
    if (tenant === undefined) throw new Problem('NOT_FOUND', 'There is no such tenant.');
    return { ...tenant, use };
  }
}

/** All tenants, for the platform. */
@ApiTags('tenants')
@Controller('tenants')
@Roles('platform')
export class TenantsController {
  constructor(
    private readonly databases: Databases,
    private readonly tenants: TenantRepository,
    private readonly audit: AuditRepository,
    private readonly directory: TenantDirectory,
    private readonly signIn: SignIn,
  ) {}

  @Post()
  @HttpCode(201)
  @ApiOperation({
    operationId: 'createTenant',
    summary: 'Create a tenant',
    description: 'Create its first key by POST /keys with the header X-Tenant.',
  })
  @ApiRequest(NewTenantDto)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 201, type: TenantDto, description: 'The tenant. It cannot see other tenants.' })
  @ApiProblems(400, 409, 413, 415, 422, 503)
  async create(
    @Body() wanted: NewTenantDto,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TenantDto> {
    const work = async (tx: Queryable): Promise<TenantDto> => {
      const tenant = await this.tenants.insert(tx, wanted);
      if (tenant === undefined) throw new Problem('TENANT_EXISTS', `Tenant ${wanted.tenant_id} already exists.`);
      requireAllowed(tenant);
      const { tenant_id: target, ...details } = wanted;
      await this.audit.record(tx, { ...callerOf(reply), action: 'createTenant', target, details });
      return tenant;
    };
    const request = idempotentRequest(key, wanted);
    const made =
      request === undefined
        ? await this.platform.transaction(work)
        : answerOf<TenantDto>(await answerOnce(this.platform, 'createTenant', request, work), reply);
    this.directory.forget();
    return made;
  }

  @Get()
  @ApiOperation({ operationId: 'listTenants', summary: 'List the tenants', description: 'Ordered by id.' })
  @ApiResponse({ status: 200, type: TenantListDto, description: 'All tenants with their limits.' })
  @ApiProblems(503)
  async list(): Promise<TenantListDto> {
    return { items: await this.tenants.list(this.platform) };
  }

  @Patch(':tenant_id')
  @ApiParam({ name: 'tenant_id', schema: { type: 'string', maxLength: 64 } })
  @ApiOperation({
    operationId: 'changeTenant',
    summary: 'Update a tenant',
    description:
      'Changes its name, weight, limits and engines, or opens or closes it. Every replica applies the change within 5 s. Work beyond a new limit continues.',
  })
  @ApiRequest(TenantChangeDto)
  @ApiResponse({ status: 200, type: TenantDto, description: 'The tenant after the change.' })
  @ApiProblems(400, 404, 413, 415, 503)
  async change(
    @Param('tenant_id') id: string,
    @Body() change: TenantChangeDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TenantDto> {
    const changed = await this.platform.transaction(async (tx) => {
      const tenant = TENANT_ID.test(id) ? await this.tenants.update(tx, id, change) : undefined;
      if (tenant === undefined)
        throw new Problem('NOT_FOUND', `There is no tenant ${JSON.stringify(id.slice(0, 80))}.`);
      requireAllowed(tenant);
      await this.audit.record(tx, { ...callerOf(reply), action: 'changeTenant', target: id, details: { ...change } });
      return tenant;
    });
    this.directory.forget();
    this.signIn.forget();
    return changed;
  }

  private get platform(): TenantDatabases['engine'] {
    return this.databases.forTenant(PLATFORM).engine;
  }
}

/** Throws BAD_REQUEST where the default engine is not allowed. */
function requireAllowed({ default_engine: engine, allowed_engines: allowed }: Tenant): void {
  if (engine === null || allowed === null || allowed.includes(engine)) return;
  const message = `must be one of allowed_engines (${allowed.join(', ')})`;
  throw new Problem('BAD_REQUEST', `default_engine ${message}.`, {
    errors: [{ code: 'INVALID_VALUE', pointer: '/default_engine', message }],
  });
}
