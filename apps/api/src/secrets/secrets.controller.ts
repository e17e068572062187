import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AuditRepository, SecretRepository, type Queryable, type TenantDatabases } from '#libs/repositories';
import { Problem } from '../http/problem.js';
import { Roles } from '../auth/access.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { callerOf } from '../auth/caller.js';
import { isDryRun, restorableUntil } from '../http/confirmation.js';
import { RemovalQueryDto } from '../http/dry-run-query.dto.js';
import { TenantDb } from '../auth/tenant-db.js';
import { IDEMPOTENCY_KEY, idempotentRequest, once } from '../http/idempotency-key.js';
import { SealingKeys } from './sealing-keys.js';
import { DeletedSecretDto, NewSecretDto, SecretDto, SecretListDto } from './secrets.dto.js';

const NAME = {
  name: 'name',
  description: 'The name that tasks use: `${secrets.<name>}`.',
  schema: { type: 'string' as const, maxLength: 64, pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' },
};
@ApiTags('secrets')
@Controller('secrets')
@Roles('admin')
export class SecretsController {
  constructor(
    private readonly sealing: SealingKeys,
    private readonly secrets: SecretRepository,
    private readonly audit: AuditRepository,
  ) {}

  @Put(':name')
  @ApiParam(NAME)
  @ApiOperation({
    operationId: 'putSecret',
    summary: 'Create or replace a secret',
    description:
      'Where a string in task_params is exactly `${secrets.<name>}`, the worker replaces it by the value. The value is never shown again, and is removed from results, errors and log lines.',
  })
  @ApiRequest(NewSecretDto)
  @ApiResponse({ status: 200, type: SecretDto, description: 'Stored.' })
  @ApiProblems(400, 404, 409, 413, 415, 503)
  async put(
    @TenantDb() { engine }: TenantDatabases,
    @Param('name') name: string,
    @Body() { value }: NewSecretDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SecretDto> {
    const { keys } = this.sealing;
    if (keys === undefined) {
      throw new Problem('SECRETS_NOT_CONFIGURED', 'SECRETS_KEY is not set: the API could not seal a secret.');
    }
    const caller = callerOf(reply);
    if (!SECRET_NAME.test(name)) {
      const message =
        'The name of a secret begins with A-Z, a-z or 0-9 and holds A-Z, a-z, 0-9 and . _ - only, 64 characters at most.';
      throw new Problem('BAD_REQUEST', message);
    }
    const sealed = keys.seal(engine.tenant!, name, value);
    return engine.transaction(async (tx) => {
      const { replaced, ...secret } = await this.secrets.put(tx, name, sealed, caller.actor);
      await this.audit.record(tx, { ...caller, action: 'putSecret', target: name, details: { replaced } });
      return secret;
    });
  }

  @Get()
  @ApiOperation({
    operationId: 'listSecrets',
    summary: 'List the secrets',
    description: 'Each with when and by whom it was last set.',
  })
  @ApiResponse({ status: 200, type: SecretListDto, description: 'The secrets, without their values.' })
  @ApiProblems(503)
  async list(@TenantDb() { reads }: TenantDatabases): Promise<SecretListDto> {
    return { items: await this.secrets.list(reads) };
  }

  @Delete(':name')
  @ApiParam(NAME)
  @ApiOperation({
    operationId: 'deleteSecret',
    summary: 'Delete a secret',
    description:
      'No task gets it from now on. It can be restored within a day; after that its value is deleted. `confirm` is its name.',
  })
  @ApiResponse({ status: 200, type: DeletedSecretDto, description: 'Deleted, or in a dry run what would be.' })
  @ApiProblems(400, 404, 503)
  async remove(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Param('name') name: string,
    @Query() query: RemovalQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeletedSecretDto> {
    const there = (await this.secrets.list(reads)).find((each) => each.name === name);
    if (there === undefined) throw notFound(name);
    const answer = { restorable_until: restorableUntil() };
    if (isDryRun(query, name)) return { ...answer, dry_run: true, secret: there };
    const secret = await engine.transaction(async (tx) => {
      const row = await this.secrets.remove(tx, name);
      if (row === undefined) throw notFound(name);
      await this.audit.record(tx, { ...callerOf(reply), action: 'deleteSecret', target: name, details: {} });
      return row;
    });
    return { ...answer, dry_run: false, secret };
  }

  @Post(':name/restore')
  @HttpCode(200)
  @ApiParam(NAME)
  @ApiOperation({
    operationId: 'restoreSecret',
    summary: 'Restore a secret',
    description: 'Possible within a day. Tasks get it again.',
  })
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 200, type: SecretDto, description: 'Restored.' })
  @ApiProblems(400, 404, 409, 413, 415, 422, 503)
  async restore(
    @TenantDb() { engine }: TenantDatabases,
    @Param('name') name: string,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SecretDto> {
    const work = async (db: Queryable): Promise<SecretDto> => {
      const row = await this.secrets.restore(db, known(name));
      if (row === undefined) throw notFound(name);
      await this.audit.record(db, { ...callerOf(reply), action: 'restoreSecret', target: name, details: {} });
      return row;
    };
    return once(engine, `restoreSecret:${known(name)}`, idempotentRequest(key, { name }), reply, work);
  }
}

const SECRET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

function known(name: string): string {
  if (!SECRET_NAME.test(name)) throw notFound(name);
  return name;
}

function notFound(name: string): Problem {
  return new Problem(
    'NOT_FOUND',
    `There is no secret ${JSON.stringify(name.slice(0, 80))}, or it cannot be called so.`,
  );
}
