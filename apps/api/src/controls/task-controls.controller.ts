import { Body, Controller, Headers, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { resultFault } from '#libs/chain-engine';
import type { TenantDatabases } from '#libs/repositories';
import { priorityOf } from '../chains/creating/chain-input.js';
import { Problem } from '../http/problem.js';
import { Roles } from '../auth/access.js';
import { ApiControl } from './api-control.js';
import { priorityBody, resolveBody, retryTaskBody, skipBody } from './control-bodies.js';
import { TenantDb } from '../auth/tenant-db.js';
import { Controls, type ControlHeaders } from './controls.js';
import { ControlDto } from './controls.dto.js';
import { readPriority, readResolve, readRetryTask, readSkip } from './read-control.js';

type RequestQuery = Record<string, unknown>;

@ApiTags('controls')
@Controller('chains/:chain_id/tasks/:task_id')
@Roles('operator')
export class TaskControlsController {
  constructor(private readonly controls: Controls) {}

  @Post('skip')
  @ApiControl({
    operationId: 'skipTask',
    summary: 'Skip a task',
    description:
      'One that is not finished; a running one is stopped. What waits for it takes it as skipped (OPERATOR).',
    body: skipBody,
    answer: ControlDto,
    task: true,
  })
  skip(
    @TenantDb() databases: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Body() sent: unknown,
    @Query() query: RequestQuery,
    @Headers() headers: ControlHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ControlDto> {
    const command = { kind: 'SkipTask', taskId } as const;
    const body = readSkip(sent, query);
    return this.controls.call(
      databases,
      { operation: 'skipTask', chainId, taskId, command, done: 'skipped', body, headers },
      reply,
    );
  }

  @Post('resolve')
  @ApiControl({
    operationId: 'resolveTask',
    summary: 'Give a task its result',
    description:
      'One that is not finished becomes SUCCESS with this result, which is passed on as a worker’s would be; a running one is stopped.',
    body: resolveBody,
    answer: ControlDto,
    task: true,
  })
  resolve(
    @TenantDb() databases: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Body() sent: unknown,
    @Query() query: RequestQuery,
    @Headers() headers: ControlHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ControlDto> {
    const body = readResolve(sent, query);
    const fault = resultFault(body.result);
    if (fault !== null) {
      const errors = [{ code: fault.code, pointer: '/result', message: fault.message }];
      throw new Problem('BAD_REQUEST', `result: ${fault.message}.`, { errors });
    }
    const command = { kind: 'ResolveTask', taskId, result: body.result } as const;
    return this.controls.call(
      databases,
      { operation: 'resolveTask', chainId, taskId, command, done: 'resolved', body, headers },
      reply,
    );
  }

  @Post('priority')
  @ApiControl({
    operationId: 'setTaskPriority',
    summary: "Change a task's priority",
    description: 'A task that lies in the queue keeps its place there.',
    body: priorityBody,
    answer: ControlDto,
    task: true,
  })
  setPriority(
    @TenantDb() databases: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Body() sent: unknown,
    @Query() query: RequestQuery,
    @Headers() headers: ControlHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ControlDto> {
    const body = readPriority(sent, query);
    const command = { kind: 'SetPriority', taskId, priority: priorityOf(body.priority) } as const;
    const done = 'given a priority';
    return this.controls.call(
      databases,
      { operation: 'setTaskPriority', chainId, taskId, command, done, body, headers },
      reply,
    );
  }

  @Post('retry')
  @ApiControl({
    operationId: 'retryTask',
    summary: 'Run a task again',
    description: 'The same as retryChain with `from: [task_id]`.',
    body: retryTaskBody,
    answer: ControlDto,
    task: true,
  })
  retry(
    @TenantDb() databases: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Body() sent: unknown,
    @Query() query: RequestQuery,
    @Headers() headers: ControlHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ControlDto> {
    const body = readRetryTask(sent, query);
    const includeDownstream = body.include_downstream ?? true;
    const command = { kind: 'RetryChain', from: [taskId], includeDownstream } as const;
    const done = 'retried: it has not been started';
    return this.controls.call(
      databases,
      { operation: 'retryTask', chainId, taskId, command, done, body, headers },
      reply,
    );
  }
}
