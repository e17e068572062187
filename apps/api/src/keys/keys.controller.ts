import { randomUUID } from 'node:crypto';
import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { answerOnce } from '#libs/chain-engine';
import {
  ApiKeyRepository,
  AuditRepository,
  PartyRepository,
  type Queryable,
  type TenantDatabases,
} from '#libs/repositories';
import { Problem } from '../http/problem.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { callerOf } from '../auth/caller.js';
import { isDryRun, restorableUntil } from '../http/confirmation.js';
import { RemovalQueryDto } from '../http/dry-run-query.dto.js';
import { TenantDb } from '../auth/tenant-db.js';
import { isId } from '../http/patterns.js';
import { answerOf, IDEMPOTENCY_KEY, idempotentRequest, once } from '../http/idempotency-key.js';
import { ApiKeyDto, ApiKeyListDto, CreatedApiKeyDto, DEFAULT_DAYS, NewKeyDto, RevokedApiKeyDto } from './keys.dto.js';
import { Roles } from '../auth/access.js';
import { noParty } from '../parties/no-party.js';
import { hashOf, newKey, SignIn } from '../auth/sign-in.js';

const KEY_ID = { name: 'key_id', schema: { type: 'string' as const, maxLength: 64 } };
@ApiTags('keys')
@Controller('keys')
@Roles('admin')
export class KeysController {
  constructor(
    private readonly signIn: SignIn,
    private readonly keys: ApiKeyRepository,
    private readonly parties: PartyRepository,
    private readonly audit: AuditRepository,
  ) {}

  @Post()
  @HttpCode(201)
  @ApiOperation({
    operationId: 'createKey',
    summary: 'Create an API key',
    description:
      'The key is shown only once: the database stores only its SHA-256. A request repeated with its Idempotency-Key creates no second key, and its answer does not contain the first.',
  })
  @ApiRequest(NewKeyDto)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 201, type: CreatedApiKeyDto, description: 'The key. `key` is null in a repeated answer.' })
  @ApiProblems(400, 409, 413, 415, 422, 503)
  async create(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Body() body: NewKeyDto,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CreatedApiKeyDto> {
    const { name, role, expires_in_days: days = DEFAULT_DAYS, party = null } = body;
    if (party !== null && (await this.parties.find(reads, party)) === undefined) throw noParty(party);
    const caller = callerOf(reply);
    const id = `key-${randomUUID()}`;
    const key = newKey();
    const work = async (db: Queryable): Promise<ApiKeyDto> => {
      const details = { name, role, expires_in_days: days, ...(party !== null && { party }) };
      await this.audit.record(db, { ...caller, action: 'createKey', target: id, details });
      return await this.keys.insert(db, id, { name, role, hash: hashOf(key), days, party }, caller.actor);
    };
    const request = idempotentRequest(idempotencyKey, body);
    if (request === undefined) return { ...(await engine.transaction(work)), key };
    const outcome = await answerOnce(engine, 'createKey', request, work);
    return { ...answerOf<ApiKeyDto>(outcome, reply), key: outcome.kind === 'answered' ? key : null };
  }

  @Get()
  @ApiOperation({
    operationId: 'listKeys',
    summary: 'List the API keys',
    description: 'Includes revoked and expired keys.',
  })
  @ApiResponse({ status: 200, type: ApiKeyListDto, description: 'The keys, without their values.' })
  @ApiProblems(503)
  async list(@TenantDb() { reads }: TenantDatabases): Promise<ApiKeyListDto> {
    return { items: await this.keys.list(reads) };
  }

  @Delete(':key_id')
  @ApiParam(KEY_ID)
  @ApiOperation({
    operationId: 'revokeKey',
    summary: 'Revoke an API key',
    description: 'Every replica refuses the key within 5 s. It can be restored within a day.',
  })
  @ApiResponse({ status: 200, type: RevokedApiKeyDto, description: 'Revoked, or in a dry run what would be.' })
  @ApiProblems(400, 404, 503)
  async revoke(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Param('key_id') id: string,
    @Query() query: RemovalQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RevokedApiKeyDto> {
    const there = (await this.keys.list(reads)).find((each) => each.key_id === id && each.revoked_at === null);
    if (there === undefined) throw notFound(id, 'to revoke');
    const answer = { restorable_until: restorableUntil() };
    if (isDryRun(query, id)) return { ...answer, dry_run: true, key: there };
    const key = await engine.transaction(async (tx) => {
      const row = await this.keys.revoke(tx, id);
      if (row === undefined) throw notFound(id, 'to revoke');
      const details = { name: row.name, role: row.role };
      await this.audit.record(tx, { ...callerOf(reply), action: 'revokeKey', target: id, details });
      return row;
    });
    this.signIn.forget();
    return { ...answer, dry_run: false, key };
  }

  @Post(':key_id/restore')
  @HttpCode(200)
  @ApiParam(KEY_ID)
  @ApiOperation({
    operationId: 'restoreKey',
    summary: 'Restore an API key',
    description: 'Possible within a day, unless the key has expired.',
  })
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 200, type: ApiKeyDto, description: 'Restored. Every replica accepts it within 5 s.' })
  @ApiProblems(400, 404, 409, 413, 415, 422, 503)
  async restore(
    @TenantDb() { engine }: TenantDatabases,
    @Param('key_id') id: string,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ApiKeyDto> {
    const work = async (db: Queryable): Promise<ApiKeyDto> => {
      const row = isId(id) ? await this.keys.restore(db, id) : undefined;
      if (row === undefined) throw notFound(id, 'that was revoked within a day');
      await this.audit.record(db, {
        ...callerOf(reply),
        action: 'restoreKey',
        target: id,
        details: { role: row.role },
      });
      return row;
    };
    const request = idempotentRequest(idempotencyKey, { id });
    const scope = `restoreKey:${id}`.slice(0, 128);
    const row = await once(engine, scope, request, reply, work);
    this.signIn.forget();
    return row;
  }
}

function notFound(id: string, what: string): Problem {
  return new Problem('NOT_FOUND', `There is no key ${JSON.stringify(id.slice(0, 80))} ${what}.`);
}
