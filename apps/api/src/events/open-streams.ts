import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { unavailable } from '../http/problem-from-error.js';
import { EventStream, STREAM_HEADERS } from './event-stream.js';

/** The streams of this API: ended with it. */
@Injectable()
export class OpenStreams implements OnModuleDestroy {
  private readonly open = new Set<EventStream>();
  private ending = false;

  /** Answers by a stream; by its head alone, and undefined, where only that was asked for. Throws UNAVAILABLE. */
  start(reply: FastifyReply, lastId?: number): EventStream | undefined {
    if (this.ending) throw unavailable();
    reply.hijack();
    // A stream without a body would never end.
    if (reply.raw.req.method === 'HEAD') {
      reply.raw.writeHead(200, STREAM_HEADERS).end();
      return undefined;
    }
    const stream = new EventStream(reply.raw, lastId);
    this.open.add(stream);
    stream.onClose(() => this.open.delete(stream));
    return stream;
  }

  onModuleDestroy(): void {
    this.ending = true;
    for (const stream of this.open) stream.close();
  }
}
