import { Body, Controller, Get, Headers, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import {
  AuditRepository,
  TemplateRepository,
  type Queryable,
  type TemplateView,
  type TenantDatabases,
} from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { callerOf } from '../auth/caller.js';
import { TenantDb } from '../auth/tenant-db.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { ETAG, IF_MATCH } from '../http/entity-tag.js';
import { IDEMPOTENCY_KEY, idempotentRequest, once } from '../http/idempotency-key.js';
import { isId, VERSION_LABEL } from '../http/patterns.js';
import { Problem } from '../http/problem.js';
import { hasChanged, noTemplate, templateDto, TemplateReader, templateTag, versionDto } from './template-reader.js';
import { requireRoom, TEMPLATE_ID } from './templates.controller.js';
import {
  TemplateDto,
  TemplateLabelDto,
  TemplateNoteDto,
  TemplateVersionListDto,
  WholeTemplateVersionDto,
} from './templates.dto.js';

const VERSION = {
  name: 'version',
  description: 'The number of a version, or a label.',
  schema: { type: 'string' as const, maxLength: 64 },
};
/** Labels of a template at most. */
const MOST_LABELS = 20;

@ApiTags('templates')
@Controller('templates/:template_id')
@Roles('viewer')
export class TemplateVersionsController {
  constructor(
    private readonly templates: TemplateRepository,
    private readonly reader: TemplateReader,
    private readonly audit: AuditRepository,
  ) {}

  @Get('versions')
  @ApiParam(TEMPLATE_ID)
  @ApiOperation({
    operationId: 'listTemplateVersions',
    summary: 'List the versions of a template',
    description: 'Newest first. Tenants that a template is shared with read the versions that have a label.',
  })
  @ApiResponse({ status: 200, type: TemplateVersionListDto, description: 'The versions, without their chains.' })
  @ApiProblems(404, 503)
  async list(
    @TenantDb() { reads }: TenantDatabases,
    @Param('template_id') id: string,
  ): Promise<TemplateVersionListDto> {
    const template = await this.reader.find(reads, id);
    const versions = await this.templates.versions(reads, id);
    return { items: versions.map((each) => versionDto(each, template.tenant_id === reads.tenant)) };
  }

  @Get('versions/:version')
  @ApiParam(TEMPLATE_ID)
  @ApiParam(VERSION)
  @ApiOperation({
    operationId: 'getTemplateVersion',
    summary: 'Get a version of a template',
    description: 'With its chain.',
  })
  @ApiResponse({ status: 200, type: WholeTemplateVersionDto, description: 'The version.' })
  @ApiProblems(404, 503)
  async get(
    @TenantDb() { reads }: TenantDatabases,
    @Param('template_id') id: string,
    @Param('version') word: string,
  ): Promise<WholeTemplateVersionDto> {
    const template = await this.reader.find(reads, id);
    return versionDto(
      await this.reader.version(reads, reads.tenant!, template, word),
      template.tenant_id === reads.tenant,
    );
  }

  @Post('versions/:version/restore')
  @Roles('author')
  @HttpCode(200)
  @ApiParam(TEMPLATE_ID)
  @ApiParam(VERSION)
  @ApiOperation({
    operationId: 'restoreTemplateVersion',
    summary: 'Go back to a version of a template',
    description: 'Makes a new version with the chain of an old one. Labels stay where they are.',
  })
  @ApiRequest(TemplateNoteDto)
  @ApiHeader(IF_MATCH)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 200, type: TemplateDto, headers: ETAG, description: 'The template as it is now.' })
  @ApiProblems(400, 403, 404, 409, 412, 413, 415, 422, 503)
  async restore(
    @TenantDb() { engine }: TenantDatabases,
    @Param('template_id') id: string,
    @Param('version') word: string,
    @Body() { note }: TemplateNoteDto,
    @Headers('if-match') ifMatch: string | undefined,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TemplateDto> {
    if (!isId(id)) throw noTemplate(id);
    const caller = callerOf(reply);
    const work = async (db: Queryable): Promise<TemplateDto> => {
      const there = await this.reader.own(db, engine.tenant!, id, ifMatch);
      const { number: from, chain, hash } = await this.reader.version(db, engine.tenant!, there, word);
      const number = there.latest_version + 1;
      requireRoom(number);
      const changed = await this.templates.change(db, id, there.revision, { latest_version: number });
      if (changed === undefined) throw hasChanged(there);
      const by = { template_id: id, created_by: caller.actor };
      await this.templates.insertVersion(db, { ...by, number, chain, hash, note: note ?? `as version ${from}` });
      const details = { version: number, from };
      await this.audit.record(db, { ...caller, action: 'restoreTemplateVersion', target: id, details });
      return this.answer(changed, reply);
    };
    return once(engine, `restoreTemplateVersion:${id}`, idempotentRequest(key, { id, word, note }), reply, work);
  }

  @Put('labels/:label')
  @Roles('author')
  @ApiParam(TEMPLATE_ID)
  @ApiParam({
    name: 'label',
    description: 'The label, such as `production`.',
    schema: { type: 'string', maxLength: 64, pattern: VERSION_LABEL.source },
  })
  @ApiOperation({
    operationId: 'putTemplateLabel',
    summary: 'Point a label to a version of a template',
    description:
      'Chains are made of the version with the label `production` where they name none. Tenants that the template is shared with read what has a label.',
  })
  @ApiRequest(TemplateLabelDto)
  @ApiHeader(IF_MATCH)
  @ApiResponse({ status: 200, type: TemplateDto, headers: ETAG, description: 'The template as it is now.' })
  @ApiProblems(400, 403, 404, 412, 413, 415, 503)
  async label(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Param('template_id') id: string,
    @Param('label') label: string,
    @Body() { version }: TemplateLabelDto,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TemplateDto> {
    const there = await this.reader.own(reads, engine.tenant!, id, ifMatch);
    if (!VERSION_LABEL.test(label)) {
      throw new Problem('BAD_REQUEST', 'A label begins with a-z and holds a-z, 0-9 and - only, 64 characters at most.');
    }
    if (version !== null) await this.reader.version(reads, engine.tenant!, there, `${version}`);
    const { [label]: _before, ...others } = there.labels;
    const labels = version === null ? others : { ...others, [label]: version };
    if (Object.keys(labels).length > MOST_LABELS) {
      throw new Problem('BAD_REQUEST', `A template has at most ${MOST_LABELS} labels: take one away by version null.`);
    }
    const template = await engine.transaction(async (tx) => {
      const changed = await this.templates.change(tx, id, there.revision, { labels });
      if (changed === undefined) throw hasChanged(there);
      const details = { label, version };
      await this.audit.record(tx, { ...callerOf(reply), action: 'putTemplateLabel', target: id, details });
      return changed;
    });
    return this.answer(template, reply);
  }

  private answer(template: TemplateView, reply: FastifyReply): TemplateDto {
    reply.header('ETag', templateTag(template));
    return templateDto(template, template.tenant_id);
  }
}
