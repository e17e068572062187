import { Controller, Get, Inject, Param, Req, Res, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { APP_CONFIG, type AppConfig } from '#libs/platform';
import {
  AuditRepository,
  isTaskAtSites,
  TaskHistoryRepository,
  type ArtifactView,
  type TenantDatabases,
} from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { callerOf } from '../auth/caller.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ChainReader } from '../chains/chain-reader.js';
import { ApiProblems } from '../http/api-problems.js';
import { Problem } from '../http/problem.js';
import { ArtifactAccess } from './artifact-access.js';
import { openArtifact } from './artifact-file.js';
import { ArtifactListDto, type ArtifactDto } from './tasks.dto.js';

const CHAIN_ID = { name: 'chain_id', schema: { type: 'string' as const, maxLength: 64 } };
const TASK_ID = { name: 'task_id', schema: { type: 'string' as const, maxLength: 64 } };

@ApiTags('tasks')
@Controller('chains/:chain_id/tasks/:task_id/artifacts')
@Roles('viewer')
export class ArtifactsController {
  constructor(
    private readonly reader: ChainReader,
    private readonly history: TaskHistoryRepository,
    private readonly access: ArtifactAccess,
    private readonly audit: AuditRepository,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  @Get()
  @ApiParam(CHAIN_ID)
  @ApiParam(TASK_ID)
  @ApiOperation({
    operationId: 'listTaskArtifacts',
    summary: "List a task's artifacts",
    description: 'The files that the task produced, those of the parties as well.',
  })
  @ApiResponse({ status: 200, type: ArtifactListDto, description: 'The artifacts with size, SHA-256 and media type.' })
  @ApiProblems(404, 503)
  async list(
    @TenantDb() { reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Param('task_id') taskId: string,
  ): Promise<ArtifactListDto> {
    const task = await this.reader.findTask(reads, chainId, taskId);
    const rows = await this.history.artifacts(reads, chainId, task.task_id);
    const atSites = rows.length > 0 && (await isTaskAtSites(reads, task.task_request_id));
    return { items: rows.map((row) => artifactDto(chainId, task.task_id, row, atSites)) };
  }

  @Get('*')
  @ApiParam(CHAIN_ID)
  @ApiParam(TASK_ID)
  @ApiParam({ name: 'path', description: "The artifact's name.", schema: { type: 'string' }, example: 'report.html' })
  @ApiOperation({
    operationId: 'downloadArtifact',
    summary: 'Download an artifact',
    description:
      "An artifact of one party (`<party>/<file>`) is for that party's keys, and for admins where nobody has registered the party or claimed its folder. After an owner withdrew the approval of the task, its artifacts are for keys of that owner's party alone (403 `WITHDRAWN`).",
  })
  @ApiProduces('application/octet-stream')
  @ApiResponse({
    status: 200,
    description: 'The file.',
    content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiProblems(403, 404, 409, 503)
  async download(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Req() { identity }: FastifyRequest,
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
    const atSites = await isTaskAtSites(reads, task.task_request_id);
    const { party, at_site: site } = artifactDto(chainId, task.task_id, row, atSites);
    if (site !== null)
      throw new Problem('ARTIFACT_NOT_FOUND', `The artifact lies at the site of ${site}, and nowhere else: ask there.`);
    await this.access.require(reads, identity, { chainId, taskId: task.task_id, party });
    const file = await openArtifact(this.config.artifactRoot, chainId, task.task_id, name);
    if (reply.request.method === 'GET') {
      const details = { artifact: name, party, size_bytes: row.size_bytes, sha256: row.sha256 };
      const entry = { ...callerOf(reply), action: 'downloadArtifact', target: `${chainId}/${task.task_id}`, details };
      // Before the first byte: without its row nothing leaves.
      await this.audit.record(engine, entry).catch(async (error: unknown) => {
        await file.close();
        throw error;
      });
    }
    reply.header('ETag', `"${row.sha256}"`);
    // Scripts in an artifact never run on the API's origin. A frame of the console's own page alone shows a report; everybody else saves it first.
    const sandbox = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";
    reply.header('Content-Security-Policy', sandbox);
    reply.header('X-Content-Type-Options', 'nosniff');
    // Each look is in the audit log, and ends with the right to it.
    reply.header('Cache-Control', 'no-store');
    reply.header('Vary', 'Sec-Fetch-Dest, Sec-Fetch-Site');
    const disposition = `${isFrame(reply.request) ? 'inline' : 'attachment'}; filename="${name
      .split('/')
      .at(-1)!
      .replace(/[^A-Za-z0-9._-]/g, '_')}"`;
    // Not the size that is listed: it may be a bound, where the true one is the party's alone.
    const { size: length } = await file.stat();
    return new StreamableFile(file.createReadStream(), { type: row.media_type, length, disposition });
  }
}

/** Whether a page of the same origin asks, to show the file in a frame. */
const isFrame = ({ headers }: FastifyRequest): boolean =>
  headers['sec-fetch-dest'] === 'iframe' && headers['sec-fetch-site'] === 'same-origin';

function artifactDto(chainId: string, taskId: string, row: ArtifactView, atSites: boolean): ArtifactDto {
  const slash = row.name.indexOf('/');
  const party = slash < 0 ? null : row.name.slice(0, slash);
  return {
    ...row,
    reference: `artifact:${chainId}/${taskId}/${row.name}`,
    party,
    at_site: atSites ? party : null,
  };
}
