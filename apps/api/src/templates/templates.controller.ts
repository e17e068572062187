import { Body, Controller, Delete, Get, Headers, HttpCode, Param, Post, Put, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AuditRepository, TemplateRepository, type Queryable, type TenantDatabases } from '#libs/repositories';
import { Roles } from '../auth/access.js';
import { callerOf, partyOf } from '../auth/caller.js';
import { TenantDb } from '../auth/tenant-db.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { ApiProblems } from '../http/api-problems.js';
import { ApiRequest } from '../http/api-request.js';
import { isDryRun, restorableUntil } from '../http/confirmation.js';
import { RemovalQueryDto } from '../http/dry-run-query.dto.js';
import { ETAG, IF_MATCH } from '../http/entity-tag.js';
import { IDEMPOTENCY_KEY, idempotentRequest, once } from '../http/idempotency-key.js';
import { isId } from '../http/patterns.js';
import { Problem } from '../http/problem.js';
import { hashOfChain, requireTemplateChain } from './template-faults.js';
import { TemplateMaker } from './template-maker.js';
import { hasChanged, noTemplate, templateDto, TemplateReader, templateTag } from './template-reader.js';
import {
  DeletedTemplateDto,
  ListTemplatesQueryDto,
  NewTemplateDto,
  TemplateDto,
  TemplateListDto,
  UsedTemplateDto,
} from './templates.dto.js';

export const TEMPLATE_ID = {
  name: 'template_id',
  description: 'The template.',
  schema: { type: 'string' as const, maxLength: 64 },
};
/** Numbers of versions have at most so much room. */
const MOST_VERSIONS = 1_000;

@ApiTags('templates')
@Controller('templates')
@Roles('viewer')
export class TemplatesController {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly templates: TemplateRepository,
    private readonly reader: TemplateReader,
    private readonly audit: AuditRepository,
    private readonly maker: TemplateMaker,
  ) {}

  @Post()
  @Roles('author')
  @HttpCode(201)
  @ApiOperation({
    operationId: 'createTemplate',
    summary: 'Create a template',
    description:
      'Its chain becomes version 1. Checks the chain as far as that is possible without the values of its parameters.',
  })
  @ApiRequest(NewTemplateDto)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 201, type: TemplateDto, headers: ETAG, description: 'The template is stored.' })
  @ApiProblems(400, 403, 409, 413, 415, 422, 503)
  async create(
    @TenantDb() { engine }: TenantDatabases,
    @Body() body: NewTemplateDto,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TemplateDto> {
    const { chain, note = null, ...more } = body;
    this.requireSharing(body, [], reply);
    requireTemplateChain(chain, this.catalogue);
    const draft = { ...fieldsOf(more), chain, note };
    const work = async (db: Queryable): Promise<TemplateDto> =>
      templateDto(await this.maker.make(db, draft, reply, 'createTemplate'), engine.tenant!);
    return once(engine, 'createTemplate', idempotentRequest(key, body), reply, work);
  }

  @Get()
  @ApiOperation({
    operationId: 'listTemplates',
    summary: 'List the templates',
    description:
      "Your tenant's, and those that others share with it. What changed last comes first. Uses are those by your tenant's chains.",
  })
  @ApiResponse({ status: 200, type: TemplateListDto, description: 'A page of templates.' })
  @ApiProblems(400, 503)
  async list(
    @TenantDb() { reads }: TenantDatabases,
    @Query() { page = 1, page_size: size = 20, ...filter }: ListTemplatesQueryDto,
  ): Promise<TemplateListDto> {
    const rows = await this.templates.page(reads, filter, size + 1, (page - 1) * size);
    const items = await this.reader.used(reads, rows.slice(0, size));
    return { items, has_more: rows.length > size };
  }

  @Get(':template_id')
  @ApiParam(TEMPLATE_ID)
  @ApiOperation({ operationId: 'getTemplate', summary: 'Get a template', description: 'Its versions hold the chain.' })
  @ApiResponse({ status: 200, type: UsedTemplateDto, headers: ETAG, description: 'The template.' })
  @ApiProblems(404, 503)
  async get(
    @TenantDb() { reads }: TenantDatabases,
    @Param('template_id') id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UsedTemplateDto> {
    const template = await this.reader.find(reads, id);
    reply.header('ETag', templateTag(template));
    return (await this.reader.used(reads, [template]))[0]!;
  }

  @Put(':template_id')
  @Roles('author')
  @ApiParam(TEMPLATE_ID)
  @ApiOperation({
    operationId: 'putTemplate',
    summary: 'Change a template',
    description:
      'Replaces all fields. A chain that differs from that of the newest version becomes a new one; chains that were made stay as they are.',
  })
  @ApiRequest(NewTemplateDto)
  @ApiHeader(IF_MATCH)
  @ApiResponse({ status: 200, type: TemplateDto, headers: ETAG, description: 'The template as it is now.' })
  @ApiProblems(400, 403, 404, 409, 412, 413, 415, 503)
  async put(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Param('template_id') id: string,
    @Body() body: NewTemplateDto,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TemplateDto> {
    const { chain, note = null, ...more } = body;
    const there = await this.reader.own(reads, engine.tenant!, id, ifMatch);
    this.requireSharing(more, there.shared_with, reply);
    requireTemplateChain(chain, this.catalogue);
    const newest = await this.reader.version(reads, engine.tenant!, there, `${there.latest_version}`);
    const hash = hashOfChain(chain);
    const isNew = hash !== newest.hash;
    const number = there.latest_version + (isNew ? 1 : 0);
    requireRoom(number);
    const caller = callerOf(reply);
    const template = await engine.transaction(async (tx) => {
      const changed = await this.templates.change(tx, id, there.revision, {
        ...fieldsOf(more),
        latest_version: number,
      });
      if (changed === undefined) throw hasChanged(there);
      const version = { template_id: id, number, chain, hash, note, created_by: caller.actor };
      if (isNew) await this.templates.insertVersion(tx, version);
      const details = { version: number, hash, shared_with: changed.shared_with };
      await this.audit.record(tx, { ...caller, action: 'putTemplate', target: id, details });
      return changed;
    });
    reply.header('ETag', templateTag(template));
    return templateDto(template, engine.tenant!);
  }

  @Delete(':template_id')
  @Roles('author')
  @ApiParam(TEMPLATE_ID)
  @ApiOperation({
    operationId: 'deleteTemplate',
    summary: 'Delete a template',
    description:
      'Chains that were made of it stay. It can be restored within a day; after that its versions are deleted, too.',
  })
  @ApiHeader(IF_MATCH)
  @ApiResponse({ status: 200, type: DeletedTemplateDto, description: 'Deleted, or in a dry run what would be.' })
  @ApiProblems(400, 403, 404, 412, 503)
  async remove(
    @TenantDb() { engine, reads }: TenantDatabases,
    @Param('template_id') id: string,
    @Query() query: RemovalQueryDto,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DeletedTemplateDto> {
    const there = await this.reader.own(reads, engine.tenant!, id, ifMatch);
    const answer = { restorable_until: restorableUntil(), template: templateDto(there, engine.tenant!) };
    if (isDryRun(query, id)) return { ...answer, dry_run: true };
    await engine.transaction(async (tx) => {
      if ((await this.templates.remove(tx, id, there.revision)) === undefined) throw hasChanged(there);
      await this.audit.record(tx, { ...callerOf(reply), action: 'deleteTemplate', target: id, details: {} });
    });
    return { ...answer, dry_run: false };
  }

  @Post(':template_id/restore')
  @Roles('author')
  @HttpCode(200)
  @ApiParam(TEMPLATE_ID)
  @ApiOperation({
    operationId: 'restoreTemplate',
    summary: 'Restore a deleted template',
    description: 'Possible within a day, with all its versions and labels.',
  })
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 200, type: TemplateDto, headers: ETAG, description: 'Restored.' })
  @ApiProblems(400, 404, 409, 413, 415, 422, 503)
  async restore(
    @TenantDb() { engine }: TenantDatabases,
    @Param('template_id') id: string,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TemplateDto> {
    if (!isId(id)) throw noTemplate(id);
    const work = async (db: Queryable): Promise<TemplateDto> => {
      const template = await this.templates.restore(db, id);
      if (template === undefined) throw noTemplate(id);
      await this.audit.record(db, { ...callerOf(reply), action: 'restoreTemplate', target: id, details: {} });
      reply.header('ETag', templateTag(template));
      return templateDto(template, engine.tenant!);
    };
    return once(engine, `restoreTemplate:${id}`, idempotentRequest(key, { id }), reply, work);
  }

  /** What others read leaves the tenant: an admin decides on that. */
  private requireSharing(
    { shared_with: wanted = [] }: Pick<NewTemplateDto, 'shared_with'>,
    now: readonly string[],
    reply: FastifyReply,
  ): void {
    if (wanted.every((tenant) => now.includes(tenant)) || partyOf(reply).isAdmin) return;
    throw new Problem('FORBIDDEN', 'Only an admin shares a template with other tenants: leave shared_with as it is.');
  }
}

/** Throws where the template has as many versions as it may. */
export function requireRoom(number: number): void {
  if (number <= MOST_VERSIONS) return;
  const message = `The template has ${MOST_VERSIONS} versions, and no more fit: make a new template of its chain.`;
  throw new Problem('TOO_MANY_VERSIONS', message);
}

function fieldsOf({ title, description = '', tags = [], shared_with = [] }: Omit<NewTemplateDto, 'chain' | 'note'>) {
  return { title, description, tags: [...new Set(tags)], shared_with: [...new Set(shared_with)] };
}
