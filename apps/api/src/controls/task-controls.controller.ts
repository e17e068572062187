import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { resultFault } from '#libs/chain-domain';
import { Roles } from '../auth/access.js';
import { priorityOf } from '../chains/creating/chain-input.js';
import { Problem } from '../http/problem.js';
import { ApiControl } from './api-control.js';
import { PriorityBodyDto, ResolveBodyDto, RetryTaskBodyDto, SkipBodyDto } from './control-bodies.dto.js';
import { Control, type ControlRequest } from './control-request.js';
import { Controls } from './controls.js';
import { ControlDto } from './controls.dto.js';
import { withDryRun } from './with-dry-run.js';

@ApiTags('controls')
@Controller('chains/:chain_id/tasks/:task_id')
@Roles('operator')
export class TaskControlsController {
  constructor(private readonly controls: Controls) {}

  @Post('skip')
  @ApiControl({
    operationId: 'skipTask',
    summary: 'Skip a task',
    description: 'Skips an unfinished task and stops it if it is running. Its successors see it as skipped (OPERATOR).',
    body: SkipBodyDto,
    answer: ControlDto,
    task: true,
  })
  skip(
    @Control() request: ControlRequest,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Body() sent: SkipBodyDto,
  ): Promise<ControlDto> {
    const command = { kind: 'SkipTask', taskId } as const;
    const body = withDryRun(sent, request.query);
    return this.controls.call(request, { operation: 'skipTask', chainId, taskId, command, body });
  }

  @Post('resolve')
  @ApiControl({
    operationId: 'resolveTask',
    summary: 'Resolve a task',
    description:
      'Completes an unfinished task as SUCCESS with this result, as if a worker had returned it, and stops it if it is running.',
    body: ResolveBodyDto,
    answer: ControlDto,
    task: true,
  })
  resolve(
    @Control() request: ControlRequest,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Body() sent: ResolveBodyDto,
  ): Promise<ControlDto> {
    const body = withDryRun(sent, request.query);
    const fault = resultFault(body.result);
    if (fault !== null) {
      const errors = [{ code: fault.code, pointer: '/result', message: fault.message }];
      throw new Problem('BAD_REQUEST', `result: ${fault.message}.`, { errors });
    }
    const command = { kind: 'ResolveTask', taskId, result: body.result } as const;
    return this.controls.call(request, { operation: 'resolveTask', chainId, taskId, command, body });
  }

  @Post('priority')
  @ApiControl({
    operationId: 'setTaskPriority',
    summary: "Change a task's priority",
    description: 'A task that is already in the queue keeps its place.',
    body: PriorityBodyDto,
    answer: ControlDto,
    task: true,
  })
  setPriority(
    @Control() request: ControlRequest,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Body() sent: PriorityBodyDto,
  ): Promise<ControlDto> {
    const body = withDryRun(sent, request.query);
    const command = { kind: 'SetPriority', taskId, priority: priorityOf(body.priority) } as const;
    return this.controls.call(request, { operation: 'setTaskPriority', chainId, taskId, command, body });
  }

  @Post('retry')
  @ApiControl({
    operationId: 'retryTask',
    summary: 'Retry a task',
    description: 'The same as retryChain with `from: [task_id]`.',
    body: RetryTaskBodyDto,
    optional: true,
    answer: ControlDto,
    task: true,
  })
  retry(
    @Control() request: ControlRequest,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Body() sent: RetryTaskBodyDto,
  ): Promise<ControlDto> {
    const body = withDryRun(sent, request.query);
    const includeDownstream = body.include_downstream ?? true;
    const command = { kind: 'RetryChain', from: [taskId], includeDownstream } as const;
    return this.controls.call(request, { operation: 'retryTask', chainId, taskId, command, body });
  }
}
