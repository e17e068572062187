import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { isTerminal, type TaskStatus } from '#libs/chain-domain';
import { TaskHistoryRepository, type ChainTask, type Database, type TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ChainReader } from '../chains/chain-reader.js';
import { ChainWatch } from '../events/chain-watch.js';
import { lastEvent } from '../events/event-stream.js';
import { OpenStreams } from '../events/open-streams.js';
import { ApiProblems } from '../http/api-problems.js';
import { asksFor } from '../http/asks-for.js';
import { ApiListOrStream } from '../http/list-or-stream.js';
import { LiveTaskLog, type SeenTaskLog } from './live-task-log.js';
import { CHAIN_ID, TASK_ID } from './tasks.controller.js';
import { LogListDto, LogQueryDto } from './tasks.dto.js';

@ApiTags('tasks')
@Controller('chains/:chain_id/tasks/:task_id/logs')
@Roles('viewer')
export class TaskLogsController {
  constructor(
    private readonly reader: ChainReader,
    private readonly history: TaskHistoryRepository,
    private readonly watch: ChainWatch,
    private readonly streams: OpenStreams,
  ) {}

  @Get()
  @ApiParam(CHAIN_ID)
  @ApiParam(TASK_ID)
  @ApiOperation({
    operationId: 'listTaskLogs',
    summary: "Get or stream a task's log",
    description:
      'Lines of all attempts, oldest first. With `Accept: text/event-stream`: each line as it is written (`line`), and `end` once the task, or the `attempt`, has ended and no line came for 2 s. `Last-Event-ID` resumes an interrupted stream: lines that came just before may come again, with the same `id` in their data. A stream looks twice a second, and ends after 16 MiB: resume it. A caller may have 20 streams open; a stream ends when its key or token does.',
  })
  @ApiListOrStream(LogListDto, 'Lines after `after`, or a stream.')
  @ApiProblems(400, 404, 503)
  async logs(
    @TenantDb() { reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Query() { after = 0, limit = 200, attempt, tail }: LogQueryDto,
    @Headers('accept') accept: string | undefined,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const task = await this.reader.findTask(reads, chainId, taskId);
    if (asksFor(accept, 'text/event-stream')) {
      const last = lastEvent(lastEventId);
      const stream = this.streams.start(reply);
      const from = last === undefined ? { after, tail } : { after: last };
      if (stream !== undefined) new LiveTaskLog(this.seenBy(reads, task, attempt), stream, from);
      return;
    }
    const wanted = { after, limit: tail ?? limit, attempt, newest: tail !== undefined };
    const items = await this.history.logs(reads, task.task_request_id, wanted);
    reply.send({ items, next_after: items.at(-1)?.id ?? after } satisfies LogListDto);
  }

  /** The log as the tenant of `db` sees it. */
  private seenBy(db: Database, { chain_id, task_id, task_request_id }: ChainTask, attempt?: number): SeenTaskLog {
    return {
      lines: (wanted) => this.history.logs(db, task_request_id, { ...wanted, attempt }),
      state: async () => {
        const task = await this.reader.findTask(db, chain_id, task_id);
        const isPast = attempt !== undefined && attempt < task.attempt;
        return { status: task.status, isOver: isPast || isTerminal(task.status as TaskStatus) };
      },
      follow: (look) => this.watch.watch(db, chain_id, look),
    };
  }
}
