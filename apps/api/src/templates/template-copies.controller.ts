import { Body, Controller, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Queryable, TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { ETAG } from '../http/entity-tag.js';
import { IDEMPOTENCY_KEY, idempotentRequest, once } from '../http/idempotency-key.js';
import { isId } from '../http/patterns.js';
import { TemplateMaker } from './template-maker.js';
import { noTemplate, templateDto, TemplateReader } from './template-reader.js';
import { TEMPLATE_ID } from './templates.controller.js';
import { TemplateCopyDto, TemplateDto } from './templates.dto.js';

@ApiTags('templates')
@Controller('templates/:template_id/copy')
@Roles('author')
export class TemplateCopiesController {
  constructor(
    private readonly reader: TemplateReader,
    private readonly maker: TemplateMaker,
  ) {}

  @Post()
  @HttpCode(201)
  @ApiParam(TEMPLATE_ID)
  @ApiOperation({
    operationId: 'copyTemplate',
    summary: 'Copy a template',
    description:
      "Makes a template of your tenant's own of one version, which becomes version 1, with title, description and tags. It is shared with nobody and has no labels.",
  })
  @ApiRequest(TemplateCopyDto)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 201, type: TemplateDto, headers: ETAG, description: 'The copy is stored.' })
  @ApiProblems(400, 404, 409, 413, 415, 422, 503)
  async copy(
    @TenantDb() { engine }: TenantDatabases,
    @Param('template_id') id: string,
    @Body() body: TemplateCopyDto,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TemplateDto> {
    if (!isId(id)) throw noTemplate(id);
    const work = async (db: Queryable): Promise<TemplateDto> => {
      const source = await this.reader.find(db, id);
      const { description, tags } = source;
      const { number, chain } = await this.reader.version(db, engine.tenant!, source, body.version);
      const { title = source.title, note = `copy of ${id}, version ${number}` } = body;
      const draft = { title, description, tags, shared_with: [], chain, note };
      const made = await this.maker.make(db, draft, reply, 'copyTemplate', { of: id, version: number });
      return templateDto(made, engine.tenant!);
    };
    return once(engine, `copyTemplate:${id}`, idempotentRequest(key, body), reply, work);
  }
}
