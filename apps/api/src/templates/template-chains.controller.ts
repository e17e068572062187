import { Body, Controller, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { CreatedChain } from '#libs/chain-engine';
import type { Database, TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { callerOf, partyOf } from '../auth/caller.js';
import { TenantDb } from '../auth/tenant-db.js';
import { TenantDirectory } from '../auth/tenant-directory.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { CreatedChainDto } from '../chains/chains.dto.js';
import { ChainCreator } from '../chains/creating/chain-creator.js';
import { readChainOf } from '../chains/creating/read-chain-of.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { IDEMPOTENCY_KEY } from '../http/idempotency-key.js';
import { Problem } from '../http/problem.js';
import { placeInTemplate } from './template-faults.js';
import { TemplateReader } from './template-reader.js';
import { TEMPLATE_ID } from './templates.controller.js';
import { TemplateChainDto, TemplateChainPreviewDto } from './templates.dto.js';

@ApiTags('templates')
@Controller('templates/:template_id/chains')
@Roles('author')
export class TemplateChainsController {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly reader: TemplateReader,
    private readonly creator: ChainCreator,
    private readonly directory: TenantDirectory,
  ) {}

  @Post()
  @HttpCode(201)
  @ApiParam(TEMPLATE_ID)
  @ApiOperation({
    operationId: 'createChainOfTemplate',
    summary: 'Create a chain of a template',
    description:
      "As `POST /chains` with the chain of the template and the `params` for its `args`: your rights, policies and secrets hold, not those of the template's author. Faults of values have pointers into `params`.",
  })
  @ApiRequest(TemplateChainDto)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 201, type: CreatedChainDto, description: 'The chain is stored.' })
  @ApiProblems(400, 404, 413, 415, 422, 503)
  async create(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Param('template_id') id: string,
    @Body() body: TemplateChainDto,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CreatedChain> {
    const { made, more, version } = await this.made(reads, id, body);
    const making = { key, content: { template: id, ...body }, template: { id, version } };
    return this.creator.create(engine, made, reply, making).catch((error: unknown) => {
      if (!(error instanceof Problem) || error.errors.length === 0) throw error;
      const errors = error.errors.map((fault) => placeInTemplate(fault, more));
      throw new Problem(error.code, errors.length === 1 ? errors[0]!.message : error.detail, { ...error, errors });
    });
  }

  @Post('preview')
  @HttpCode(200)
  @ApiParam(TEMPLATE_ID)
  @ApiOperation({
    operationId: 'previewChainOfTemplate',
    summary: 'Show the chain that a template would make',
    description: 'With its faults, and the tasks that would wait for an owner. Stores nothing.',
  })
  @ApiRequest(TemplateChainDto)
  @ApiResponse({ status: 200, type: TemplateChainPreviewDto, description: 'The chain that would be made.' })
  @ApiProblems(400, 404, 413, 415, 503)
  async preview(
    @TenantDb() { reads }: TenantDatabases,
    @Param('template_id') id: string,
    @Body() body: TemplateChainDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TemplateChainPreviewDto> {
    const { made, more, version } = await this.made(reads, id, body);
    const proposer = { actor: callerOf(reply).actor, ...partyOf(reply) };
    const engines = await this.directory.enginesOf(reads.tenant!);
    const { reading, approvals } = await readChainOf(proposer, reads, made, this.catalogue, engines);
    return {
      version,
      errors: reading.ok ? [] : reading.faults.map((fault) => placeInTemplate(fault, more)),
      chain: reading.ok ? reading.chain.config : null,
      approvals: approvals.map(({ reasons, ...each }) => ({ ...each, reasons: [...reasons] })),
    };
  }

  /** The body of `POST /chains` that the request stands for, and what of it the caller gave. */
  private async made(reads: Database, id: string, { params, version: word, ...more }: TemplateChainDto) {
    const template = await this.reader.find(reads, id);
    const { chain, number } = await this.reader.version(reads, reads.tenant!, template, word);
    return { made: { ...chain, ...more, ...(params !== undefined && { args: params }) }, more, version: number };
  }
}
