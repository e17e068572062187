import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authentication } from '../auth/authentication.js';
import type { Identity } from '../auth/roles.js';
import { Problem } from '../http/problem.js';
import { stopping } from '../http/problem-from-error.js';
import { EventStream, STREAM_HEADERS } from './event-stream.js';

/** Open streams of one caller, over all tenants that they act for. */
const STREAMS_PER_CALLER = 20;
/** How often the callers of open streams are identified again, ms. Answers about keys and tenants are up to 4 s old. */
const IDENTIFY_MS = 500;

/** What a stream was opened with. */
interface Opened {
  readonly headers: FastifyRequest['headers'];
  readonly ip: string;
  readonly method: string;
  readonly identity: Identity;
}

/**
 * The streams of this API. A stream ends with the API, and within 5 s after its caller could no longer open it: the key was
 * revoked or has expired, the token has expired, the session was ended, or the tenant was closed.
 */
@Injectable()
export class OpenStreams implements OnModuleDestroy {
  private readonly open = new Map<EventStream, Opened>();
  private timer: NodeJS.Timeout | undefined;
  private ending = false;

  constructor(private readonly authentication: Authentication) {}

  /**
   * Answers with a stream. For HEAD, sends only the headers and returns undefined. Throws UNAVAILABLE while the API
   * stops, UNAUTHENTICATED for a token that has expired, and TOO_MANY_REQUESTS for a caller with too many streams.
   */
  start(reply: FastifyReply, lastId?: number): EventStream | undefined {
    if (this.ending) throw stopping();
    const { headers, ip, method, identity } = reply.request;
    if (identity === undefined) throw new Error('a public route has no caller');
    if (hasExpired(identity)) throw new Problem('UNAUTHENTICATED', 'The token has expired.');
    this.checkLimit(identity.actor);
    reply.hijack();
    // A stream without a body would never end.
    if (reply.raw.req.method === 'HEAD') {
      reply.raw.writeHead(200, STREAM_HEADERS).end();
      return undefined;
    }
    const stream = new EventStream(reply.raw, lastId);
    this.open.set(stream, { headers, ip, method, identity });
    this.timer ??= setInterval(() => this.identifyAgain(), IDENTIFY_MS);
    stream.onClose(() => this.remove(stream));
    return stream;
  }

  onModuleDestroy(): void {
    this.ending = true;
    for (const stream of this.open.keys()) stream.close();
  }

  private remove(stream: EventStream): void {
    this.open.delete(stream);
    if (this.open.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private checkLimit(actor: string): void {
    let count = 0;
    for (const { identity } of this.open.values()) if (identity.actor === actor) count += 1;
    if (count < STREAMS_PER_CALLER) return;
    const detail = `You have ${count} event streams open, and ${STREAMS_PER_CALLER} is the limit: close one of them first.`;
    throw new Problem('TOO_MANY_REQUESTS', detail);
  }

  /** Checks each credential once, however many streams it has opened. */
  private identifyAgain(): void {
    const answers = new Map<string, Promise<boolean>>();
    for (const [stream, opened] of this.open) {
      if (hasExpired(opened.identity)) {
        stream.close();
        continue;
      }
      const key = JSON.stringify([opened.headers.authorization ?? opened.headers.cookie, opened.headers['x-tenant']]);
      const answer = answers.get(key) ?? this.stillCounts(opened);
      answers.set(key, answer);
      void answer.then((counts) => counts || stream.close());
    }
  }

  /** Whether the caller could open the stream now. True if the check fails, as without the database: then no event comes either. */
  private stillCounts(opened: Opened): Promise<boolean> {
    return this.authentication.identify(opened).then(
      () => true,
      (error: unknown) => !(error instanceof Problem) || error.status >= 500,
    );
  }
}

const hasExpired = ({ expiresAt }: Identity): boolean => expiresAt !== undefined && expiresAt <= Date.now();
