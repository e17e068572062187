import { Body, Controller, Delete, Headers, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { readChains, type TenantDatabases } from '#libs/repositories';
import type { Queryable } from '#libs/repositories';
import { priorityOf } from '../chains/creating/chain-input.js';
import { ApiProblems } from '../http/api-problems.js';
import { IF_MATCH } from '../http/entity-tag.js';
import { Roles } from '../auth/access.js';
import { ApiControl } from './api-control.js';
import { plainBody, priorityBody, retryBody } from './control-bodies.js';
import { TenantDb } from '../auth/tenant-db.js';
import { Controls, type ControlHeaders } from './controls.js';
import { CancelledChainDto, ControlDto, ExecutedChainDto } from './controls.dto.js';
import { readPlain, readPriority, readRetry } from './read-control.js';

type RequestQuery = Record<string, unknown>;

@ApiTags('controls')
@Controller('chains/:chain_id')
@Roles('operator')
export class ChainControlsController {
  constructor(private readonly controls: Controls) {}

  @Post('execute')
  @ApiControl({
    operationId: 'executeChain',
    summary: 'Start a chain',
    description: 'Only from PENDING; otherwise 409 with the present status.',
    body: plainBody,
    answer: ExecutedChainDto,
    status: 202,
  })
  execute(
    @TenantDb() databases: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Body() sent: unknown,
    @Query() query: RequestQuery,
    @Headers() headers: ControlHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ExecutedChainDto> {
    const done = 'started: only a PENDING chain is';
    const command = { kind: 'ExecuteChain' } as const;
    const call = { operation: 'executeChain', chainId, command, done, body: readPlain(sent, query), headers };
    return this.controls.call<ExecutedChainDto>(databases, call, reply, async (db, answer) => {
      const chain = await readChains.chain(db, chainId);
      return {
        ...answer,
        execution_id: chain?.execution_id ?? null,
        started_at: chain?.started_at ?? null,
      };
    });
  }

  @Post('cancel')
  @ApiControl({
    operationId: 'cancelChain',
    summary: 'Cancel a chain',
    description: 'Running tasks are stopped, waiting ones skipped, all at once.',
    body: plainBody,
    answer: CancelledChainDto,
  })
  cancel(
    @TenantDb() databases: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Body() sent: unknown,
    @Query() query: RequestQuery,
    @Headers() headers: ControlHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CancelledChainDto> {
    const done = 'cancelled: it has ended';
    const command = { kind: 'CancelChain' } as const;
    const call = { operation: 'cancelChain', chainId, command, done, body: readPlain(sent, query), headers };
    return this.controls.call<CancelledChainDto>(databases, call, reply, cancelledAt);
  }

  @Delete()
  @ApiParam({ name: 'chain_id', schema: { type: 'string', maxLength: 64 } })
  @ApiQuery({ name: 'dry_run', required: false, schema: { type: 'boolean', default: false } })
  @ApiHeader(IF_MATCH)
  @ApiOperation({
    operationId: 'deleteChain',
    summary: 'Cancel a chain',
    description: 'The same as POST /chains/{chain_id}/cancel.',
  })
  @ApiResponse({ status: 200, type: CancelledChainDto, description: 'The chain is CANCELLED.' })
  @ApiProblems(400, 404, 409, 412, 503)
  remove(
    @TenantDb() databases: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Query() query: RequestQuery,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CancelledChainDto> {
    return this.cancel(databases, chainId, undefined, query, { 'if-match': ifMatch }, reply);
  }

  @Post('pause')
  @ApiControl({
    operationId: 'pauseChain',
    summary: 'Pause a chain',
    description:
      'What runs or was sent goes on to its end; nothing new is sent, and the clock of its timeout stands. Asked twice is done once.',
    body: plainBody,
    answer: ControlDto,
  })
  pause(
    @TenantDb() databases: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Body() sent: unknown,
    @Query() query: RequestQuery,
    @Headers() headers: ControlHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ControlDto> {
    const done = 'paused: only a RUNNING chain is';
    const command = { kind: 'PauseChain' } as const;
    return this.controls.call(
      databases,
      { operation: 'pauseChain', chainId, command, done, body: readPlain(sent, query), headers },
      reply,
    );
  }

  @Post('resume')
  @ApiControl({
    operationId: 'resumeChain',
    summary: 'Resume a paused chain',
    description:
      'Also tries anew what was left to an operator (on_exhausted: pause), with all its retries. Asked twice is done once.',
    body: plainBody,
    answer: ControlDto,
  })
  resume(
    @TenantDb() databases: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Body() sent: unknown,
    @Query() query: RequestQuery,
    @Headers() headers: ControlHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ControlDto> {
    const done = 'resumed: only a PAUSED chain is';
    const command = { kind: 'ResumeChain' } as const;
    return this.controls.call(
      databases,
      { operation: 'resumeChain', chainId, command, done, body: readPlain(sent, query), headers },
      reply,
    );
  }

  @Post('retry')
  @ApiControl({
    operationId: 'retryChain',
    summary: 'Run tasks of a chain again',
    description:
      'From the breakpoint: what failed, was cancelled or skipped runs again, successes are kept. With `from`: these tasks, and unless include_downstream is false all that depends on them. Also while the chain runs; an ended chain runs again as a new epoch.',
    body: retryBody,
    answer: ControlDto,
  })
  retry(
    @TenantDb() databases: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Body() sent: unknown,
    @Query() query: RequestQuery,
    @Headers() headers: ControlHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ControlDto> {
    const body = readRetry(sent, query);
    const command = {
      kind: 'RetryChain',
      ...(body.from && { from: body.from }),
      includeDownstream: body.include_downstream ?? true,
    } as const;
    const done = 'retried: it has not been started';
    return this.controls.call(databases, { operation: 'retryChain', chainId, command, done, body, headers }, reply);
  }

  @Post('priority')
  @ApiControl({
    operationId: 'setChainPriority',
    summary: "Change a chain's priority",
    description: 'Of all its tasks that are not finished. A task that lies in the queue keeps its place there.',
    body: priorityBody,
    answer: ControlDto,
  })
  setPriority(
    @TenantDb() databases: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Body() sent: unknown,
    @Query() query: RequestQuery,
    @Headers() headers: ControlHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ControlDto> {
    const body = readPriority(sent, query);
    const command = { kind: 'SetPriority', priority: priorityOf(body.priority) } as const;
    const done = 'given a priority: it has ended';
    return this.controls.call(
      databases,
      { operation: 'setChainPriority', chainId, command, done, body, headers },
      reply,
    );
  }
}

async function cancelledAt(db: Queryable, answer: ControlDto): Promise<CancelledChainDto> {
  const chain = answer.dry_run ? undefined : await readChains.chain(db, answer.chain_id);
  return { ...answer, cancelled_at: chain?.completed_at ?? null };
}
