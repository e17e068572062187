import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import {
  AuditRepository,
  readChains,
  readQueues,
  TaskHistoryRepository,
  type TenantDatabases,
} from '#libs/repositories';
import { ChainReader } from '../chains/chain-reader.js';
import type { FailureDto } from '../chains/chains.dto.js';
import { JSON_TYPE, taskJson, typesOf } from '../chains/views.js';
import { callerOf, partyOf } from '../auth/caller.js';
import { ApiProblems } from '../http/api-problems.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ETAG, taskTag } from '../http/entity-tag.js';
import { Roles } from '../auth/access.js';
import { AttemptListDto, TaskDetailDto } from './tasks.dto.js';

export const CHAIN_ID = { name: 'chain_id', schema: { type: 'string' as const, maxLength: 64 } };
export const TASK_ID = { name: 'task_id', schema: { type: 'string' as const, maxLength: 64 } };

@ApiTags('tasks')
@Controller('chains/:chain_id/tasks/:task_id')
@Roles('viewer')
export class TasksController {
  constructor(
    private readonly reader: ChainReader,
    private readonly history: TaskHistoryRepository,
    private readonly audit: AuditRepository,
  ) {}

  @Get()
  @ApiParam(CHAIN_ID)
  @ApiParam(TASK_ID)
  @ApiOperation({
    operationId: 'getTask',
    summary: 'Get a task',
    description: 'The task as in its chain, with its parameters.',
  })
  @ApiResponse({ status: 200, type: TaskDetailDto, headers: ETAG, description: 'The task with its parameters.' })
  @ApiProblems(404, 503)
  async get(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const task = await this.reader.task(reads, chainId, taskId, partyOf(reply));
    reply.header('ETag', taskTag(task.changed_version));
    const chain = await this.reader.chain(reads, chainId);
    const [parents, queues] = await Promise.all([
      readChains.statuses(reads, chainId, task.depends_on),
      readQueues(reads, chainId, typesOf([task])),
    ]);
    if (task.in_clear.length > 0) {
      const target = `${chainId}/${task.task_id}`;
      await this.audit.record(engine, {
        ...callerOf(reply),
        action: 'readPartyResults',
        target,
        details: { parties: task.in_clear },
      });
    }
    reply.type(JSON_TYPE);
    return taskJson(task, { chain, statusOf: (id) => parents.get(id), queues });
  }

  @Get('attempts')
  @ApiParam(CHAIN_ID)
  @ApiParam(TASK_ID)
  @ApiOperation({
    operationId: 'listTaskAttempts',
    summary: "List a task's attempts",
    description: 'Each with worker, times, outcome and error. The last one may be running.',
  })
  @ApiResponse({ status: 200, type: AttemptListDto, description: 'The attempts in their order.' })
  @ApiProblems(404, 503)
  async attempts(
    @TenantDb() { reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
  ): Promise<AttemptListDto> {
    const task = await this.reader.findTask(reads, chainId, taskId);
    const rows = await this.history.attempts(reads, task.task_request_id);
    return {
      items: rows.map((row) => ({
        ...row,
        error: row.error as unknown as FailureDto | null,
      })),
    };
  }
}
