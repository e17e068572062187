import { Controller, Get, Headers, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { TenantDatabases } from '#libs/repositories';
import { asksFor } from '../http/asks-for.js';
import { ApiListOrStream } from '../http/list-or-stream.js';
import { TenantDb } from '../auth/tenant-db.js';
import { Roles } from '../auth/access.js';
import { ApiProblems } from '../http/api-problems.js';
import { EventLog } from './event-log.js';
import { AllEventsQueryDto, ChainEventListDto, eventDto } from './events.dto.js';
import { LiveLog } from './live-log.js';
import { lastEvent } from './event-stream.js';
import { OpenStreams } from './open-streams.js';

@ApiTags('events')
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
      'In the order in which they were recorded. An event whose transaction is still open holds later ones back. JSON: a page. With `Accept: text/event-stream`: each as an `event` as it is recorded; `Last-Event-ID` resumes an interrupted stream. A caller may have 20 streams open; a stream ends when its key or token does.',
  })
  @ApiListOrStream(ChainEventListDto, 'The events in the order in which they were recorded, or a stream.')
  @ApiProblems(400, 503)
  async events(
    @TenantDb() { reads }: TenantDatabases,
    @Query() { after, limit = 200, kind }: AllEventsQueryDto,
    @Headers('accept') accept: string | undefined,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const kinds = kind === undefined ? undefined : new Set(kind.split(','));
    if (asksFor(accept, 'text/event-stream')) {
      const last = lastEvent(lastEventId) ?? after;
      const from = last ?? (await this.log.lastId(reads));
      const stream = this.streams.start(reply, from);
      if (stream !== undefined) new LiveLog(this.log.seenBy(reads), stream, from, kinds);
      return;
    }
    const page = await this.log.seenBy(reads).page(after ?? 0, limit);
    const items = page.rows.filter(({ kind }) => kinds?.has(kind) !== false).map(eventDto);
    reply.send({ items, next_after: page.after } satisfies ChainEventListDto);
  }
}
