import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { stopping } from './problem-from-error.js';

/** Requests that take longer once the API stops are disconnected, ms. The launcher waits longer than that. */
const DRAIN_MS = 3_000;
/** Left to requests that are under way on an open connection when the API stops, ms: once it is closed they have no answer. */
const LINGER_MS = 100;
/** A connection is busy if it had a request in this time before the stop, ms. */
const BUSY_MS = 1_000;
/** How long the stop waits for the next request of busy connections, ms: the refusal closes them. */
const TELL_MS = 1_000;

/**
 * Shuts HTTP down: refuses new requests, answers those in flight, and disconnects those that take too long. A refusal says that it
 * is the last answer on its connection, so that no client sends another request there.
 */
@Injectable()
export class Drain implements BeforeApplicationShutdown {
  private draining = false;
  /** When each open connection had its last request, ms. */
  private readonly last = new Map<Socket, number>();

  constructor(private readonly host: HttpAdapterHost) {}

  hookInto(fastify: FastifyInstance): void {
    fastify.server.on('connection', (socket) => {
      this.last.set(socket, Number.NEGATIVE_INFINITY);
      socket.once('close', () => this.last.delete(socket));
    });
    fastify.addHook('onRequest', async ({ socket }, reply) => {
      if (!this.draining) {
        if (this.last.has(socket)) this.last.set(socket, performance.now());
        return;
      }
      void reply.header('connection', 'close');
      throw stopping();
    });
  }

  /** Nest closes the server right after it. */
  async beforeApplicationShutdown(): Promise<void> {
    this.draining = true;
    const now = performance.now();
    for (const [socket, at] of this.last) if (at < now - BUSY_MS) this.last.delete(socket);
    setTimeout(() => this.host.httpAdapter.getHttpServer().closeAllConnections(), DRAIN_MS).unref();
    await delay(LINGER_MS);
    // A busy client may need longer than that for its next request. The answer closes its connection.
    while (this.last.size > 0 && performance.now() < now + TELL_MS) await delay(LINGER_MS / 10);
  }
}
