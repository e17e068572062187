import { applyDecorators, Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { answerLongOnce } from '#libs/chain-engine';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { callerOf } from '../auth/caller.js';
import { TenantDirectory } from '../auth/tenant-directory.js';
import { answerOf, IDEMPOTENCY_KEY, idempotentRequest } from '../http/idempotency-key.js';
import { Roles } from '../auth/access.js';
import { BULK_ACTIONS, runBulk } from './bulk.js';
import { BulkBodyDto } from './control-bodies.dto.js';
import { BulkDto } from './controls.dto.js';
import { Control, type ControlRequest } from './control-request.js';
import { withDryRun } from './with-dry-run.js';

@ApiTags('controls')
@Controller('chains/bulk')
@Roles('operator')
export class BulkController {
  constructor(private readonly directory: TenantDirectory) {}

  @Post('cancel')
  @ApiBulk(
    'cancelChains',
    'Cancel many chains',
    'A filter without a status selects PENDING, RUNNING and PAUSED chains.',
  )
  cancel(@Control() request: ControlRequest, @Body() sent: BulkBodyDto): Promise<BulkDto> {
    return this.run(request, 'cancel', sent);
  }

  @Post('pause')
  @ApiBulk('pauseChains', 'Pause many chains', 'A filter without a status selects RUNNING chains.')
  pause(@Control() request: ControlRequest, @Body() sent: BulkBodyDto): Promise<BulkDto> {
    return this.run(request, 'pause', sent);
  }

  @Post('resume')
  @ApiBulk('resumeChains', 'Resume many chains', 'A filter without a status selects PAUSED chains.')
  resume(@Control() request: ControlRequest, @Body() sent: BulkBodyDto): Promise<BulkDto> {
    return this.run(request, 'resume', sent);
  }

  @Post('retry')
  @ApiBulk('retryChains', 'Retry many chains', 'A filter without a status selects FAILURE and CANCELLED chains.')
  retry(@Control() request: ControlRequest, @Body() sent: BulkBodyDto): Promise<BulkDto> {
    return this.run(request, 'retry', sent);
  }

  private async run(
    { databases, query, headers, reply }: ControlRequest,
    name: keyof typeof BULK_ACTIONS,
    sent: BulkBodyDto,
  ): Promise<BulkDto> {
    const body = withDryRun(sent, query);
    const dryRun = body.dry_run === true;
    const quota = dryRun ? undefined : await this.directory.quotaOf(databases.engine.tenant!);
    const request = idempotentRequest(headers['idempotency-key'], body);
    const run = { databases, action: BULK_ACTIONS[name], body, caller: callerOf(reply), quota };
    const work = (): Promise<BulkDto> => runBulk(run);
    return answerOf(await answerLongOnce(databases.engine, `bulk:${name}`, dryRun ? undefined : request, work), reply);
  }
}

/** Documents a bulk call. */
function ApiBulk(operationId: string, summary: string, statuses: string): MethodDecorator {
  return applyDecorators(
    HttpCode(200),
    ApiOperation({
      operationId,
      summary,
      description: `Each chain is handled separately: a refusal does not stop the others. ${statuses} Answers within half a minute; \`next_cursor\` continues where it stopped. With an Idempotency-Key a second call is refused (409) while the first is running.`,
    }),
    ApiQuery({ name: 'dry_run', required: false, schema: { type: 'boolean', default: false } }),
    ApiHeader(IDEMPOTENCY_KEY),
    ApiRequest(BulkBodyDto),
    ApiResponse({
      status: 200,
      type: BulkDto,
      description: 'What was done to each chain, or in a dry run would be done.',
    }),
    ApiProblems(400, 409, 413, 415, 422, 503),
  ) as MethodDecorator;
}
