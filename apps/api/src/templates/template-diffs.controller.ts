import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOperation, ApiParam, ApiResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type ChainDiff, diffChains, FaultList } from '#libs/chain-domain';
import { differenceLines, differenceMermaid } from '#libs/chain-view';
import { TemplateRepository, type TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ChainReader } from '../chains/chain-reader.js';
import { expandBranches } from '../chains/creating/expand-branches.js';
import { ApiProblems } from '../http/api-problems.js';
import { asksFor } from '../http/asks-for.js';
import { Problem } from '../http/problem.js';
import { ChainDiffDto, ChainDiffQueryDto, TemplateDiffQueryDto } from './template-diff.dto.js';
import { TemplateReader } from './template-reader.js';
import { TEMPLATE_ID } from './templates.controller.js';

const FORMS =
  'JSON by default; lines of text with `Accept: text/plain`, Mermaid in colours with `Accept: text/vnd.mermaid`.';
const ANSWER = {
  status: 200,
  description: 'What differs.',
  content: {
    'application/json': { schema: { $ref: getSchemaPath(ChainDiffDto) } },
    'text/plain': { schema: { type: 'string' as const } },
    'text/vnd.mermaid': { schema: { type: 'string' as const } },
  },
};

@ApiTags('templates')
@Controller()
@Roles('viewer')
export class TemplateDiffsController {
  constructor(
    private readonly templates: TemplateRepository,
    private readonly reader: TemplateReader,
    private readonly chains: ChainReader,
  ) {}

  @Get('templates/:template_id/diff')
  @ApiParam(TEMPLATE_ID)
  @ApiOperation({
    operationId: 'diffTemplateVersions',
    summary: 'Compare two versions of a template',
    description: `By meaning: tasks added, removed, renamed and changed, dependencies, parameters by path, policies. ${FORMS}`,
  })
  @ApiExtraModels(ChainDiffDto)
  @ApiResponse(ANSWER)
  @ApiProblems(400, 404, 503)
  async versions(
    @TenantDb() { reads }: TenantDatabases,
    @Param('template_id') id: string,
    @Query() { from, to }: TemplateDiffQueryDto,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChainDiffDto | string> {
    const template = await this.reader.find(reads, id);
    const before = await this.reader.version(reads, reads.tenant!, template, from);
    const newest = to ?? (await this.templates.versions(reads, id))[0]?.number;
    const after = await this.reader.version(reads, reads.tenant!, template, newest === undefined ? to : `${newest}`);
    const versions = { from_version: before.number, to_version: after.number };
    return answer({ ...versions, ...compare(before.chain, after.chain) }, accept, reply);
  }

  @Get('chains/:chain_id/template-diff')
  @ApiParam({ name: 'chain_id', description: 'The chain.', schema: { type: 'string', maxLength: 64 } })
  @ApiOperation({
    operationId: 'diffChainAndTemplate',
    summary: 'Compare a chain with its template',
    description: `As two versions; values that were put in for parameters are named and are no difference. ${FORMS}`,
  })
  @ApiExtraModels(ChainDiffDto)
  @ApiResponse(ANSWER)
  @ApiProblems(400, 404, 503)
  async chain(
    @TenantDb() { reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Query() { version }: ChainDiffQueryDto,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChainDiffDto | string> {
    const made = await this.templates.made(reads, this.chains.id(chainId));
    if (made === undefined) throw this.chains.notFound(chainId);
    if (made.template_id === null) throw new Problem('NOT_FOUND', 'The chain was not made of a template.');
    const template = await this.reader.find(reads, made.template_id);
    const word = version ?? `${made.template_version}`;
    const before = await this.reader.version(reads, reads.tenant!, template, word);
    const versions = { from_version: before.number, to_version: null };
    return answer({ ...versions, ...compare(before.chain, made.chain_config, 'of-template') }, accept, reply);
  }
}

type Body = Parameters<typeof diffChains>[0];

/** Compares chains as they are stored: with branches written out as conditions of dependencies. */
function compare(before: Body, after: Body, mode?: Parameters<typeof diffChains>[2]): ChainDiff {
  const stored = (body: Body): Body => ({
    ...body,
    tasks: expandBranches(body['tasks'] as unknown[], new FaultList()).tasks,
  });
  return diffChains(stored(before), stored(after), mode);
}

function answer(diff: ChainDiffDto, accept: string | undefined, reply: FastifyReply): ChainDiffDto | string {
  if (asksFor(accept, 'text/vnd.mermaid')) {
    reply.type('text/vnd.mermaid; charset=utf-8');
    return differenceMermaid(diff);
  }
  if (asksFor(accept, 'text/plain')) {
    reply.type('text/plain; charset=utf-8');
    return `${differenceLines(diff).join('\n')}\n`;
  }
  return diff;
}
