import { applyDecorators, Body, Controller, Headers, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { answerLongOnce } from '#libs/chain-engine';
import type { TenantDatabases } from '#libs/repositories';
import { ApiProblems } from '../http/api-problems.js';
import { callerOf } from '../auth/caller.js';
import { TenantDb } from '../auth/tenant-db.js';
import { TenantDirectory } from '../auth/tenant-directory.js';
import { answerOf, IDEMPOTENCY_KEY, idempotentRequest } from '../http/idempotency-key.js';
import { Roles } from '../auth/access.js';
import { BULK_ACTIONS, runBulk } from './bulk.js';
import { bulkBody } from './control-bodies.js';
import { BulkDto } from './controls.dto.js';
import { readBulk } from './read-control.js';

type RequestQuery = Record<string, unknown>;

@ApiTags('controls')
@Controller('chains/bulk')
@Roles('operator')
export class BulkController {
  constructor(private readonly directory: TenantDirectory) {}

  @Post('cancel')
  @ApiBulk('cancelChains', 'Cancel many chains', 'A filter without a status finds PENDING, RUNNING and PAUSED chains.')
  cancel(
    @TenantDb() databases: TenantDatabases,
    @Body() sent: unknown,
    @Query() query: RequestQuery,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BulkDto> {
    return this.run(databases, 'cancel', sent, query, key, reply);
  }

  @Post('pause')
  @ApiBulk('pauseChains', 'Pause many chains', 'A filter without a status finds RUNNING chains.')
  pause(
    @TenantDb() databases: TenantDatabases,
    @Body() sent: unknown,
    @Query() query: RequestQuery,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BulkDto> {
    return this.run(databases, 'pause', sent, query, key, reply);
  }

  @Post('resume')
  @ApiBulk('resumeChains', 'Resume many chains', 'A filter without a status finds PAUSED chains.')
  resume(
    @TenantDb() databases: TenantDatabases,
    @Body() sent: unknown,
    @Query() query: RequestQuery,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BulkDto> {
    return this.run(databases, 'resume', sent, query, key, reply);
  }

  @Post('retry')
  @ApiBulk(
    'retryChains',
    'Retry many chains from their breakpoints',
    'A filter without a status finds FAILURE and CANCELLED chains.',
  )
  retry(
    @TenantDb() databases: TenantDatabases,
    @Body() sent: unknown,
    @Query() query: RequestQuery,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<BulkDto> {
    return this.run(databases, 'retry', sent, query, key, reply);
  }

  private async run(
    databases: TenantDatabases,
    name: keyof typeof BULK_ACTIONS,
    sent: unknown,
    query: RequestQuery,
    key: string | undefined,
    reply: FastifyReply,
  ): Promise<BulkDto> {
    const body = readBulk(sent, query);
    const quota = body.dry_run === true ? undefined : await this.directory.quotaOf(databases.engine.tenant!);
    const request = idempotentRequest(key, body);
    const work = (): Promise<BulkDto> => runBulk(databases, BULK_ACTIONS[name], body, callerOf(reply), quota);
    const once = body.dry_run === true ? undefined : request;
    return answerOf(await answerLongOnce(databases.engine, `bulk:${name}`, once, work), reply);
  }
}

/** Documents a bulk call. */
function ApiBulk(operationId: string, summary: string, statuses: string): MethodDecorator {
  return applyDecorators(
    HttpCode(200),
    ApiOperation({
      operationId,
      summary,
      description: `Each chain by itself: one that refuses does not hold up the others. ${statuses} Answers within half a minute; \`next_cursor\` goes on where it stopped. With an Idempotency-Key a second call is refused (409) while the first is at work.`,
    }),
    ApiQuery({ name: 'dry_run', required: false, schema: { type: 'boolean', default: false } }),
    ApiHeader(IDEMPOTENCY_KEY),
    ApiBody({ schema: bulkBody as never, required: true }),
    ApiResponse({ status: 200, type: BulkDto, description: 'What was done to each chain, or with dry_run would be.' }),
    ApiProblems(400, 409, 413, 415, 422, 503),
  ) as MethodDecorator;
}
