import { createReadStream } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { Controller, Get, Inject, Param, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import {
  readChains,
  readQueues,
  TaskHistoryRepository,
  type ArtifactView,
  type TenantDatabases,
} from '#libs/repositories';
import { ChainReader } from '../chains/chain-reader.js';
import type { FailureDto } from '../chains/chains.dto.js';
import { taskDto, typesOf } from '../chains/views.js';
import { Problem } from '../http/problem.js';
import { ApiProblems } from '../http/api-problems.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ETAG, taskTag } from '../http/entity-tag.js';
import { Roles } from '../auth/access.js';
import {
  ArtifactListDto,
  AttemptListDto,
  LogListDto,
  LogQueryDto,
  TaskDetailDto,
  type ArtifactDto,
} from './tasks.dto.js';

const CHAIN_ID = { name: 'chain_id', schema: { type: 'string' as const, maxLength: 64 } };
const TASK_ID = { name: 'task_id', schema: { type: 'string' as const, maxLength: 64 } };

@ApiTags('tasks')
@Controller('chains/:chain_id/tasks/:task_id')
@Roles('viewer')
export class TasksController {
  constructor(
    private readonly reader: ChainReader,
    private readonly history: TaskHistoryRepository,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
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
    @TenantDb() { reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TaskDetailDto> {
    const task = await this.reader.task(reads, chainId, taskId);
    reply.header('ETag', taskTag(task.changed_version));
    const chain = await this.reader.chain(reads, chainId);
    const [parents, queues] = await Promise.all([
      readChains.statuses(reads, chainId, task.depends_on),
      readQueues(reads, chainId, typesOf([task])),
    ]);
    return { ...taskDto(task, { chain, statusOf: (id) => parents.get(id), queues }), params: task.params };
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

  @Get('logs')
  @ApiParam(CHAIN_ID)
  @ApiParam(TASK_ID)
  @ApiOperation({
    operationId: 'listTaskLogs',
    summary: "Get a task's log",
    description: 'Lines of all attempts, oldest first.',
  })
  @ApiResponse({ status: 200, type: LogListDto, description: 'Lines after `after`.' })
  @ApiProblems(400, 404, 503)
  async logs(
    @TenantDb() { reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Query() { after = 0, limit = 200, attempt }: LogQueryDto,
  ): Promise<LogListDto> {
    const task = await this.reader.findTask(reads, chainId, taskId);
    const rows = await this.history.logs(reads, task.task_request_id, after, limit, attempt ?? null);
    return {
      items: rows,
      next_after: rows.at(-1)?.id ?? after,
    };
  }

  @Get('artifacts')
  @ApiParam(CHAIN_ID)
  @ApiParam(TASK_ID)
  @ApiOperation({
    operationId: 'listTaskArtifacts',
    summary: "List a task's artifacts",
    description: 'The files that the task produced. Files of parties are listed but cannot be downloaded.',
  })
  @ApiResponse({ status: 200, type: ArtifactListDto, description: 'The artifacts with size, SHA-256 and media type.' })
  @ApiProblems(404, 503)
  async artifacts(
    @TenantDb() { reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
  ): Promise<ArtifactListDto> {
    const task = await this.reader.findTask(reads, chainId, taskId);
    const rows = await this.history.artifacts(reads, chainId, task.task_id);
    return { items: rows.map((row) => artifactDto(chainId, task.task_id, row)) };
  }

  @Get('artifacts/*')
  @ApiParam(CHAIN_ID)
  @ApiParam(TASK_ID)
  @ApiParam({ name: 'path', description: "The artifact's name.", schema: { type: 'string' }, example: 'report.html' })
  @ApiOperation({
    operationId: 'downloadArtifact',
    summary: 'Download an artifact',
    description:
      'Only artifacts that all parties may read. An artifact of one party stays with that party; the answer is 403.',
  })
  @ApiProduces('application/octet-stream')
  @ApiResponse({
    status: 200,
    description: 'The file.',
    content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiProblems(403, 404, 503)
  async download(
    @TenantDb() { reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
    @Param('*') name: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const task = await this.reader.findTask(reads, chainId, taskId);
    const rows = await this.history.artifacts(reads, chainId, task.task_id);
    const row = rows.find((artifact) => artifact.name === name);
    if (row === undefined)
      throw new Problem('ARTIFACT_NOT_FOUND', `The task has no artifact ${JSON.stringify(name.slice(0, 80))}.`);
    const { party } = artifactDto(chainId, task.task_id, row);
    if (party !== null) {
      throw new Problem(
        'FORBIDDEN',
        `This artifact belongs to ${party} and stays in its artifact store; later tasks read it by its reference.`,
      );
    }
    const path = await this.locate(chainId, task.task_id, name);
    reply.header('ETag', `"${row.sha256}"`);
    // A report is shown by nobody but the user who saved it: scripts in an artifact never run on the API's origin.
    reply.header('Content-Security-Policy', "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:");
    reply.header('X-Content-Type-Options', 'nosniff');
    const disposition = `attachment; filename="${name
      .split('/')
      .at(-1)!
      .replace(/[^A-Za-z0-9._-]/g, '_')}"`;
    return new StreamableFile(createReadStream(path), { type: row.media_type, length: row.size_bytes, disposition });
  }

  /** The artifact's file, proven to lie in its task's folder. */
  private async locate(chainId: string, taskId: string, name: string): Promise<string> {
    try {
      const folder = await realpath(join(this.config.artifactRoot, chainId, taskId));
      const path = await realpath(join(folder, name));
      if (!path.startsWith(folder + sep)) throw new Error('outside its folder');
      await (await open(path)).close();
      return path;
    } catch (error) {
      throw new Problem('ARTIFACT_NOT_FOUND', 'The file of this artifact is not in the artifact store (any more).', {
        cause: error,
      });
    }
  }
}

function artifactDto(chainId: string, taskId: string, row: ArtifactView): ArtifactDto {
  const slash = row.name.indexOf('/');
  return {
    ...row,
    reference: `artifact:${chainId}/${taskId}/${row.name}`,
    party: slash < 0 ? null : row.name.slice(0, slash),
  };
}
