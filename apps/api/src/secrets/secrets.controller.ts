import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { pointer, quoted } from '#libs/chain-domain';
import { APP_CONFIG, sealSecret, type AppConfig } from '#libs/platform';
import {
  ApiKeyRepository,
  AuditRepository,
  SecretRepository,
  type Queryable,
  type TenantDatabases,
} from '#libs/repositories';
import { Catalogue } from '../catalogue/catalogue.js';
import { Problem } from '../http/problem.js';
import { Roles } from '../auth/access.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { callerOf } from '../auth/caller.js';
import { isDryRun, restorableUntil } from '../http/confirmation.js';
import { RemovalQueryDto } from '../http/dry-run-query.dto.js';
import { TenantDb } from '../auth/tenant-db.js';
import { IDEMPOTENCY_KEY, idempotentRequest, once } from '../http/idempotency-key.js';
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
    @Inject(APP_CONFIG) private readonly config: AppConfig,
    private readonly catalogue: Catalogue,
    private readonly secrets: SecretRepository,
    private readonly keys: ApiKeyRepository,
    private readonly audit: AuditRepository,
  ) {}

  @Put(':name')
  @ApiParam(NAME)
  @ApiOperation({
    operationId: 'putSecret',
    summary: 'Create or replace a secret',
    description:
      'Where a string in task_params is exactly `${secrets.<name>}`, the worker replaces it by the value. The value is never shown again, and is removed from results, errors, log lines and names of artifacts. `task_types` and `keys` say who may use it.',
  })
  @ApiRequest(NewSecretDto)
  @ApiResponse({ status: 200, type: SecretDto, description: 'Stored.' })
  @ApiProblems(400, 404, 409, 413, 415, 503)
  async put(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Param('name') name: string,
    @Body() { value, ...use }: NewSecretDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SecretDto> {
    const { publicKey } = this.config.secrets;
    if (publicKey === undefined) {
      throw new Problem(
        'SECRETS_NOT_CONFIGURED',
        'SECRETS_PUBLIC_KEY is not set: the API cannot seal a secret. Make a pair by `task-chain secrets keygen`.',
      );
    }
    const caller = callerOf(reply);
    if (!SECRET_NAME.test(name)) {
      const message =
        'The name of a secret begins with A-Z, a-z or 0-9 and holds A-Z, a-z, 0-9 and . _ - only, 64 characters at most.';
      throw new Problem('BAD_REQUEST', message);
    }
    await this.requireKnown(reads, use);
    const sealed = await sealSecret(publicKey, engine.tenant!, name, value);
    return engine.transaction(async (tx) => {
      const { replaced, ...secret } = await this.secrets.put(tx, name, sealed, use, caller.actor);
      const { task_types, keys } = secret;
      const details = { replaced, task_types, keys };
      await this.audit.record(tx, { ...caller, action: 'putSecret', target: name, details });
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

  /** Throws BAD_REQUEST for a type or a key that does not exist: whoever mistypes one would wonder why nothing gets the secret. */
  private async requireKnown(reads: Queryable, { task_types = [], keys = [] }: Partial<NewSecretDto>): Promise<void> {
    const ids = new Set(keys.length === 0 ? [] : (await this.keys.list(reads)).map(({ key_id }) => key_id));
    const isKey = (key: string): boolean => key === '*' || key.startsWith('oidc:') || ids.has(key);
    const isType = (type: string): boolean => type === '*' || this.catalogue.types.includes(type);
    const unknown = (field: string, what: string, list: string[], isKnown: (item: string) => boolean) =>
      list.flatMap((item, at) =>
        isKnown(item)
          ? []
          : [{ code: 'INVALID_VALUE', pointer: pointer(field, at), message: `There is no ${what} ${quoted(item)}.` }],
      );
    const errors = [
      ...unknown('task_types', 'task type', task_types, isType),
      ...unknown('keys', 'key with the id', keys, isKey),
    ];
    if (errors.length > 0) throw new Problem('BAD_REQUEST', errors[0]!.message, { errors });
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
