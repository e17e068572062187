import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { stopping } from './problem-from-error.js';

/** Requests that take longer once the API stops are disconnected, ms. The launcher waits longer than that. */
const DRAIN_MS = 3_000;
/** Left to requests that are under way on an open connection when the API stops, ms: once it is closed they have no answer. */
const LINGER_MS = 100;

/**
 * Shuts HTTP down: refuses new requests, answers those in flight, and disconnects those that take too long. A refusal says that it
 * is the last answer on its connection, so that no client sends another request there.
 */
@Injectable()
export class Drain implements BeforeApplicationShutdown {
  private draining = false;

  constructor(private readonly host: HttpAdapterHost) {}

  hookInto(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', async (_request, reply) => {
      if (!this.draining) return;
      void reply.header('connection', 'close');
      throw stopping();
    });
  }

  /** Nest closes the server right after it. */
  async beforeApplicationShutdown(): Promise<void> {
    this.draining = true;
    setTimeout(() => this.host.httpAdapter.getHttpServer().closeAllConnections(), DRAIN_MS).unref();
    await delay(LINGER_MS);
  }
}
