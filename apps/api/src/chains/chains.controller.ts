import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { CreatedChain } from '#libs/chain-engine';
import { toDot, toMermaid, toSvg } from '#libs/chain-view';
import { listChains, type TenantDatabases } from '#libs/repositories';
import { ChainCreator } from './creating/chain-creator.js';
import { validationOf } from './creating/create-from.js';
import { LargeChains } from './creating/large-chains.js';
import { asksFor } from '../http/asks-for.js';
import { LargeBody } from '../http/large-body.js';
import { TenantDb } from '../auth/tenant-db.js';
import { Catalogue } from '../catalogue/catalogue.js';
import { ApiProblems } from '../http/api-problems.js';
import { callerOf, partyOf } from '../auth/caller.js';
import { chainTag, ETAG, IF_NONE_MATCH } from '../http/entity-tag.js';
import { IDEMPOTENCY_KEY } from '../http/idempotency-key.js';
import { Roles } from '../auth/access.js';
import { ChainQueryDto, partsOf } from './chain-query.dto.js';
import { TenantDirectory } from '../auth/tenant-directory.js';
import { ChainReader } from './chain-reader.js';
import { ChainDto, ChainListDto, CreatedChainDto } from './chains.dto.js';
import { GraphDto } from './graph.dto.js';
import { writeCursor } from './cursor.js';
import { filterOf, ListChainsQueryDto, pageOf } from './list-chains-query.dto.js';
import { chainJson, JSON_TYPE, withMember } from './views.js';
import { ValidationDto } from './validation.dto.js';

const CHAIN_BODY = { schema: { $ref: '#/components/schemas/CreateChainRequest' }, required: true };

@ApiTags('chains')
@Controller('chains')
@Roles('viewer')
export class ChainsController {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly reader: ChainReader,
    private readonly large: LargeChains,
    private readonly creator: ChainCreator,
    private readonly directory: TenantDirectory,
  ) {}

  @Post()
  @Roles('author')
  @HttpCode(201)
  @ApiOperation({
    operationId: 'createChain',
    summary: 'Create a chain',
    description:
      'Validates the whole chain and returns all its faults at once. With `execute: true` the chain starts at once. While as many tasks wait as the installation allows, the answer is 503 `OVERLOADED`.',
  })
  @ApiBody(CHAIN_BODY)
  @ApiHeader(IDEMPOTENCY_KEY)
  @ApiResponse({ status: 201, type: CreatedChainDto, description: 'The chain is stored.' })
  @ApiProblems(400, 413, 415, 422, 503)
  async create(
    @TenantDb() { engine }: TenantDatabases,
    @Body() body: unknown,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CreatedChain> {
    return this.creator.create(engine, body, reply, { key });
  }

  @Post('validate')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'validateChain',
    summary: 'Validate a chain without storing it',
    description: 'Returns what creating the chain would find: its faults, or its type, levels and critical path.',
  })
  @ApiBody(CHAIN_BODY)
  @ApiResponse({
    status: 200,
    type: ValidationDto,
    description: 'The faults are in `errors`; `valid` is true if there are none.',
  })
  @ApiProblems(400, 413, 415, 503)
  async validate(
    @TenantDb() { reads }: TenantDatabases,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ValidationDto> {
    const user = { actor: callerOf(reply).actor, ...partyOf(reply) };
    const engines = await this.directory.enginesOf(reads.tenant!);
    if (body instanceof LargeBody) return this.large.validate(body, reads.tenant!, engines, user);
    return validationOf(user, reads, body, this.catalogue, engines);
  }

  @Get()
  @ApiOperation({
    operationId: 'listChains',
    summary: 'List chains',
    description:
      'Newest first. `next_cursor` gets the next page at any depth. `fields` leaves out what it does not name: `metadata` may have megabytes.',
  })
  @ApiResponse({ status: 200, type: ChainListDto, description: 'A page of chains.' })
  @ApiProblems(400, 503)
  async list(
    @TenantDb() { reads }: TenantDatabases,
    @Query() query: ListChainsQueryDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const page = pageOf(query);
    const isNumbered = query.cursor === undefined;
    const { items, total } = await listChains(reads, filterOf(query), { ...page, limit: page.limit + 1 }, isNumbered);
    const shown = items.slice(0, page.limit);
    const place: Omit<ChainListDto, 'items'> = {
      total,
      page: isNumbered ? (query.page ?? 1) : null,
      page_size: page.limit,
      next_cursor: items.length > page.limit ? writeCursor(shown.at(-1)!, page.sort) : null,
    };
    reply.type(JSON_TYPE);
    return withMember(JSON.stringify(place), 'items', `[${shown.map(({ json }) => json).join(',')}]`);
  }

  @Get(':chain_id')
  @ApiParam({ name: 'chain_id', schema: { type: 'string', maxLength: 64 } })
  @ApiOperation({
    operationId: 'getChain',
    summary: 'Get a chain with all its tasks',
    description:
      'The tasks are in the order of the request, each with its result or error. `view=summary` leaves them out; `fields` gives what it names alone. `GET /chains/{chain_id}/tasks` pages through them.',
  })
  @ApiResponse({
    status: 200,
    type: ChainDto,
    headers: ETAG,
    description: 'The chain. Each waiting task has the reason why it waits.',
  })
  @ApiHeader(IF_NONE_MATCH)
  @ApiResponse({ status: 304, headers: ETAG, description: 'The chain is as the ETag in If-None-Match says.' })
  @ApiProblems(400, 404, 503)
  async get(
    @TenantDb() { reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Query() query: ChainQueryDto,
    @Headers('if-none-match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string | undefined> {
    const unchanged = ifNoneMatch && (await this.reader.unchanged(reads, chainId, ifNoneMatch));
    if (unchanged) {
      reply.code(304).header('ETag', chainTag(unchanged));
      return undefined;
    }
    const parts = partsOf(query);
    if (!parts.withTasks) {
      const summary = await this.reader.chain(reads, chainId, parts.chain);
      reply.header('ETag', chainTag(summary.version)).type(JSON_TYPE);
      return parts.chain === undefined ? withMember(summary.json, 'tasks', '[]') : summary.json;
    }
    const { chain, tasks } = await this.reader.chainWithTasks(reads, chainId, parts.chain && parts);
    reply.header('ETag', chainTag(chain.version)).type(JSON_TYPE);
    return chainJson(reads, chain, tasks, parts.tasks);
  }

  @Get(':chain_id/graph')
  @ApiParam({ name: 'chain_id', schema: { type: 'string', maxLength: 64 } })
  @ApiOperation({
    operationId: 'getChainGraph',
    summary: "Get a chain's graph",
    description:
      'JSON by default; Mermaid with `Accept: text/vnd.mermaid`, Graphviz DOT with `Accept: text/vnd.graphviz`, a picture with `Accept: image/svg+xml`.',
  })
  @ApiExtraModels(GraphDto)
  @ApiResponse({
    status: 200,
    description: 'Nodes, edges, levels and the critical path.',
    content: {
      'application/json': { schema: { $ref: getSchemaPath(GraphDto) } },
      'text/vnd.mermaid': { schema: { type: 'string' } },
      'text/vnd.graphviz': { schema: { type: 'string' } },
      'image/svg+xml': { schema: { type: 'string' } },
    },
  })
  @ApiProblems(404, 503)
  async graph(
    @TenantDb() { reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GraphDto | string> {
    const graph = await this.reader.graph(reads, chainId);
    if (asksFor(accept, 'text/vnd.mermaid')) {
      reply.type('text/vnd.mermaid; charset=utf-8');
      return toMermaid(graph);
    }
    if (asksFor(accept, 'text/vnd.graphviz')) {
      reply.type('text/vnd.graphviz; charset=utf-8');
      return toDot(graph);
    }
    if (asksFor(accept, 'image/svg+xml')) {
      reply.type('image/svg+xml; charset=utf-8');
      return toSvg(graph);
    }
    return graph;
  }
}
