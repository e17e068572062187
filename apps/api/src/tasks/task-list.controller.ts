import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { listTasks, readChains, type TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ChainReader } from '../chains/chain-reader.js';
import { JSON_TYPE, tasksJson, withMember } from '../chains/views.js';
import { ApiProblems } from '../http/api-problems.js';
import { ListTasksQueryDto, TaskListDto } from './task-list.dto.js';

/** The tasks of a chain by page: a chain of 10,000 is 9 MB as a whole. */
@ApiTags('tasks')
@Controller('chains/:chain_id/tasks')
@Roles('viewer')
export class TaskListController {
  constructor(private readonly reader: ChainReader) {}

  @Get()
  @ApiParam({ name: 'chain_id', schema: { type: 'string', maxLength: 64 } })
  @ApiOperation({
    operationId: 'listTasks',
    summary: "List a chain's tasks",
    description: 'A page of the tasks that fit the filter, in the order of the request.',
  })
  @ApiResponse({ status: 200, type: TaskListDto, description: 'A page of tasks, each as in its chain.' })
  @ApiProblems(400, 404, 503)
  async list(
    @TenantDb() { reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Query() { status, task_type, task_id, q, fields, page = 1, page_size: limit = 100 }: ListTasksQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const chain = await this.reader.chain(reads, chainId, []);
    const filter = { statuses: status, taskType: task_type, taskId: task_id, q };
    const { items, total } = await listTasks(reads, chainId, filter, { limit, offset: (page - 1) * limit, fields });
    const parents = [...new Set(items.flatMap(({ waits }) => waits?.depends_on ?? []))];
    const statuses = await readChains.statuses(reads, chainId, parents);
    const tasks = await tasksJson(reads, chain, items, (id) => statuses.get(id), fields);
    reply.type(JSON_TYPE);
    const place: Omit<TaskListDto, 'items'> = { total, page, page_size: limit };
    return withMember(JSON.stringify(place), 'items', tasks);
  }
}
