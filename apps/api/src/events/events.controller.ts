import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { readHistory, type TenantDatabases } from '#libs/repositories';
import { asksFor } from '../http/asks-for.js';
import { ApiListOrStream } from '../http/list-or-stream.js';
import { ChainReader } from '../chains/chain-reader.js';
import { ApiProblems } from '../http/api-problems.js';
import { TenantDb } from '../auth/tenant-db.js';
import { Roles } from '../auth/access.js';
import { ChainWatch } from './chain-watch.js';
import { ChainEventListDto, eventDto, EventsQueryDto } from './events.dto.js';
import { lastEvent } from './event-stream.js';
import { LiveEvents } from './live-events.js';
import { OpenStreams } from './open-streams.js';

@ApiTags('events')
@Controller('chains/:chain_id/events')
@Roles('viewer')
export class EventsController {
  constructor(
    private readonly reader: ChainReader,
    private readonly watch: ChainWatch,
    private readonly streams: OpenStreams,
  ) {}

  @Get()
  @ApiParam({ name: 'chain_id', schema: { type: 'string', maxLength: 64 } })
  @ApiOperation({
    operationId: 'listChainEvents',
    summary: "List or stream a chain's events",
    description:
      'JSON: every recorded event with its disposition. With `Accept: text/event-stream`: the tasks as they change (`task`, `chain`, `end`); `Last-Event-ID` resumes an interrupted stream. A caller may have 20 streams open; a stream ends when its key or token does.',
  })
  @ApiListOrStream(ChainEventListDto, 'The events in the order in which they were recorded, or a stream.')
  @ApiProblems(400, 404, 503)
  async events(
    @TenantDb() { reads }: TenantDatabases,
    @Param('chain_id') chainId: string,
    @Query() { after = 0, limit = 200 }: EventsQueryDto,
    @Headers('accept') accept: string | undefined,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const chain = await this.reader.findChain(reads, chainId);
    if (asksFor(accept, 'text/event-stream')) {
      const last = lastEvent(lastEventId) ?? 0;
      const stream = this.streams.start(reply);
      if (stream !== undefined) new LiveEvents(reads, chain.chain_id, stream, last, this.watch);
      return;
    }
    const rows = await readHistory.events(reads, chain.chain_id, after, limit);
    const body: ChainEventListDto = { items: rows.map(eventDto), next_after: rows.at(-1)?.id ?? after };
    reply.send(body);
  }
}
