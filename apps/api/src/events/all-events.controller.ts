import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiProduces,
  ApiQuery,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { TenantDatabases } from '#libs/repositories';
import { Problem } from '../http/problem.js';
import { TenantDb } from '../auth/tenant-db.js';
import { Roles } from '../auth/access.js';
import { ApiProblems } from '../http/api-problems.js';
import { wholeNumber } from '../http/query.js';
import { EventLog } from './event-log.js';
import { ChainEventListDto, eventDto } from './events.dto.js';
import { LiveLog } from './live-log.js';
import { OpenStreams } from './open-streams.js';

const KINDS = /^[A-Za-z]{1,64}(,[A-Za-z]{1,64}){0,31}$/;

@ApiTags('events')
@ApiExtraModels(ChainEventListDto)
@Controller('events')
@Roles('viewer')
export class AllEventsController {
  constructor(
    private readonly log: EventLog,
    private readonly streams: OpenStreams,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listEvents',
    summary: 'List or stream the events of all chains',
    description:
      'In the order in which they were recorded. An event whose transaction is still open holds later ones back. JSON: a page. With `Accept: text/event-stream`: each as an `event` as it is recorded; `Last-Event-ID` resumes an interrupted stream.',
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, schema: { type: 'string' } })
  @ApiQuery({
    name: 'after',
    required: false,
    description: 'Only events after this id. Default: history from the beginning, live events from now on.',
    schema: { type: 'integer', minimum: 0 },
  })
  @ApiQuery({
    name: 'limit',
    required: false,
    description: 'For history: the number of events to read, before `kind` is applied.',
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 200 },
  })
  @ApiQuery({
    name: 'kind',
    required: false,
    description:
      'Only these kinds, separated by commas. A page of history may then hold fewer events; `next_after` gets the next page.',
    schema: { type: 'string', pattern: KINDS.source },
    example: 'ChainFinished,TaskFailed',
  })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiResponse({
    status: 200,
    description: 'The events in the order in which they were recorded, or a stream.',
    content: {
      'application/json': { schema: { $ref: getSchemaPath(ChainEventListDto) } },
      'text/event-stream': { schema: { type: 'string' } },
    },
  })
  @ApiProblems(400, 503)
  async events(
    @TenantDb() { reads }: TenantDatabases,
    @Query() query: Record<string, unknown>,
    @Headers('accept') accept: string | undefined,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const limit = wholeNumber(query, 'limit', 200, 1, 1000);
    const after = wholeNumber(query, 'after', -1, 0, Number.MAX_SAFE_INTEGER);
    const kinds = kindsOf(query);
    if (accept?.includes('text/event-stream')) {
      const last = /^\d{1,15}$/.test(lastEventId ?? '') ? Number(lastEventId) : after;
      const from = last >= 0 ? last : await this.log.lastId(reads);
      const stream = this.streams.start(reply, from);
      if (stream !== undefined) new LiveLog(this.log.seenBy(reads), stream, from, kinds);
      return;
    }
    const page = await this.log.seenBy(reads).page(Math.max(after, 0), limit);
    const items = page.rows.filter(({ kind }) => kinds?.has(kind) !== false).map(eventDto);
    reply.send({ items, next_after: page.after } satisfies ChainEventListDto);
  }
}

function kindsOf(query: Readonly<Record<string, unknown>>): Set<string> | undefined {
  const { kind } = query;
  if (kind === undefined) return undefined;
  if (typeof kind === 'string' && KINDS.test(kind)) return new Set(kind.split(','));
  const message = 'Kinds of events, by comma, such as ChainFinished,TaskFailed.';
  throw new Problem('INVALID_QUERY', `kind: ${message}`, {
    errors: [{ code: 'INVALID_VALUE', pointer: '/kind', message }],
  });
}
