import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { unavailable } from './problem-from-error.js';

/** Requests that take longer once the API stops are disconnected, ms. The launcher waits longer than that. */
const DRAIN_MS = 3_000;

/** Shuts HTTP down: refuses new requests, answers those in flight, and disconnects those that take too long. */
@Injectable()
export class Drain implements BeforeApplicationShutdown {
  private draining = false;

  constructor(private readonly host: HttpAdapterHost) {}

  hookInto(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', async () => {
      if (this.draining) throw unavailable();
    });
  }

  /** Nest closes the server right after it. */
  beforeApplicationShutdown(): void {
    this.draining = true;
    setTimeout(() => this.host.httpAdapter.getHttpServer().closeAllConnections(), DRAIN_MS).unref();
  }
}
