import { Body, Controller, Delete, Param, Post } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ChainRepository, type Queryable } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { priorityOf } from '../chains/creating/chain-input.js';
import { ApiProblems } from '../http/api-problems.js';
import { IF_MATCH } from '../http/entity-tag.js';
import { ApiControl } from './api-control.js';
import { ControlBodyDto, PriorityBodyDto, RetryBodyDto } from './control-bodies.dto.js';
import { Control, type ControlRequest } from './control-request.js';
import { Controls } from './controls.js';
import { CancelledChainDto, ControlDto, ExecutedChainDto } from './controls.dto.js';
import { withDryRun } from './with-dry-run.js';

@ApiTags('controls')
@Controller('chains/:chain_id')
@Roles('operator')
export class ChainControlsController {
  constructor(
    private readonly controls: Controls,
    private readonly chains: ChainRepository,
  ) {}

  @Post('execute')
  @ApiControl({
    operationId: 'executeChain',
    summary: 'Start a chain',
    description: 'Only a PENDING chain can be started; otherwise 409 with the current status.',
    body: ControlBodyDto,
    optional: true,
    answer: ExecutedChainDto,
    status: 202,
  })
  execute(
    @Control() request: ControlRequest,
    @Param('chain_id') chainId: string,
    @Body() sent: ControlBodyDto,
  ): Promise<ExecutedChainDto> {
    const command = { kind: 'ExecuteChain' } as const;
    const call = { operation: 'executeChain', chainId, command, body: withDryRun(sent, request.query) };
    return this.controls.call<ExecutedChainDto>(request, call, (db, answer) => this.executedAt(db, answer));
  }

  @Post('cancel')
  @ApiControl({
    operationId: 'cancelChain',
    summary: 'Cancel a chain',
    description: 'Stops the running tasks and skips the waiting ones, all at once.',
    body: ControlBodyDto,
    optional: true,
    answer: CancelledChainDto,
  })
  cancel(
    @Control() request: ControlRequest,
    @Param('chain_id') chainId: string,
    @Body() sent: ControlBodyDto,
  ): Promise<CancelledChainDto> {
    const command = { kind: 'CancelChain' } as const;
    const call = { operation: 'cancelChain', chainId, command, body: withDryRun(sent, request.query) };
    return this.controls.call<CancelledChainDto>(request, call, (db, answer) => this.cancelledAt(db, answer));
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
  remove(@Control() request: ControlRequest, @Param('chain_id') chainId: string): Promise<CancelledChainDto> {
    const headers = { 'if-match': request.headers['if-match'] };
    return this.cancel({ ...request, headers }, chainId, {});
  }

  @Post('pause')
  @ApiControl({
    operationId: 'pauseChain',
    summary: 'Pause a chain',
    description:
      "Tasks that run or were sent finish; no new task is sent, and the chain's timeout is suspended. Idempotent.",
    body: ControlBodyDto,
    optional: true,
    answer: ControlDto,
  })
  pause(
    @Control() request: ControlRequest,
    @Param('chain_id') chainId: string,
    @Body() sent: ControlBodyDto,
  ): Promise<ControlDto> {
    const command = { kind: 'PauseChain' } as const;
    const body = withDryRun(sent, request.query);
    return this.controls.call(request, { operation: 'pauseChain', chainId, command, body });
  }

  @Post('resume')
  @ApiControl({
    operationId: 'resumeChain',
    summary: 'Resume a paused chain',
    description:
      'Also retries the tasks that were held for an operator (on_exhausted: pause), with all their retries. Idempotent.',
    body: ControlBodyDto,
    optional: true,
    answer: ControlDto,
  })
  resume(
    @Control() request: ControlRequest,
    @Param('chain_id') chainId: string,
    @Body() sent: ControlBodyDto,
  ): Promise<ControlDto> {
    const command = { kind: 'ResumeChain' } as const;
    const body = withDryRun(sent, request.query);
    return this.controls.call(request, { operation: 'resumeChain', chainId, command, body });
  }

  @Post('retry')
  @ApiControl({
    operationId: 'retryChain',
    summary: 'Retry a chain',
    description:
      'Runs the tasks again that failed, were cancelled or skipped, and keeps successes. With `from`, runs those tasks again and, unless include_downstream is false, all that depend on them. Also works while the chain runs; a chain that has ended runs again as a new epoch.',
    body: RetryBodyDto,
    optional: true,
    answer: ControlDto,
  })
  retry(
    @Control() request: ControlRequest,
    @Param('chain_id') chainId: string,
    @Body() sent: RetryBodyDto,
  ): Promise<ControlDto> {
    const body = withDryRun(sent, request.query);
    const command = {
      kind: 'RetryChain',
      ...(body.from && { from: body.from }),
      includeDownstream: body.include_downstream ?? true,
    } as const;
    return this.controls.call(request, { operation: 'retryChain', chainId, command, body });
  }

  @Post('priority')
  @ApiControl({
    operationId: 'setChainPriority',
    summary: "Change a chain's priority",
    description: 'Applies to all unfinished tasks. A task that is already in the queue keeps its place.',
    body: PriorityBodyDto,
    answer: ControlDto,
  })
  setPriority(
    @Control() request: ControlRequest,
    @Param('chain_id') chainId: string,
    @Body() sent: PriorityBodyDto,
  ): Promise<ControlDto> {
    const body = withDryRun(sent, request.query);
    const command = { kind: 'SetPriority', priority: priorityOf(body.priority) } as const;
    return this.controls.call(request, { operation: 'setChainPriority', chainId, command, body });
  }

  private async executedAt(db: Queryable, answer: ControlDto): Promise<ExecutedChainDto> {
    const chain = await this.chains.find(db, answer.chain_id);
    return { ...answer, execution_id: chain?.execution_id ?? null, started_at: chain?.started_at ?? null };
  }

  private async cancelledAt(db: Queryable, answer: ControlDto): Promise<CancelledChainDto> {
    const chain = answer.dry_run ? undefined : await this.chains.find(db, answer.chain_id);
    return { ...answer, cancelled_at: chain?.completed_at ?? null };
  }
}
