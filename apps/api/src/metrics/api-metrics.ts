import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { Counter, Histogram, Registry } from 'prom-client';
import { asksFor } from '../http/asks-for.js';

/** The API's own metrics. */
@Injectable()
export class ApiMetrics {
  readonly chainsCreated: Counter;
  /** Chains that were refused because too much waits. */
  readonly chainsShed: Counter;
  /** Ticks of schedules by what they are and what became of them. */
  readonly scheduleTicks: Counter<'outcome' | 'kind'>;
  /** Deliveries to schedules: accepted, repeated, refused, limited. */
  readonly scheduleDeliveries: Counter<'outcome'>;
  /** By declared route, or `none`; `status` is a class such as `2xx`. */
  readonly requests: Histogram<'method' | 'route' | 'status'>;

  constructor(readonly registry: Registry) {
    this.requests = new Histogram({
      name: 'taskchain_http_request_seconds',
      help: 'Time from a request to the end of its answer; streams of events are left out',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers: [registry],
    });
    this.chainsCreated = new Counter({
      name: 'taskchain_chains_created_total',
      help: 'Chains that were created here',
      registers: [registry],
    });
    this.scheduleTicks = new Counter({
      name: 'taskchain_schedule_ticks_total',
      help: 'Ticks of schedules that ended here, by outcome (CREATED, SKIPPED or REFUSED) and kind: a due time, or what event',
      labelNames: ['outcome', 'kind'],
      registers: [registry],
    });
    this.scheduleDeliveries = new Counter({
      name: 'taskchain_schedule_deliveries_total',
      help: 'Deliveries of webhooks to schedules, by outcome: accepted, repeated, refused (signature, time or schedule) or limited',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.chainsShed = new Counter({
      name: 'taskchain_chains_shed_total',
      help: 'Chains that were refused here because too much waited already (OVERLOADED)',
      registers: [registry],
    });
  }

  /** Observes each request when its answer has ended. */
  hookInto(fastify: FastifyInstance): void {
    fastify.addHook('onResponse', async ({ method, routeOptions, headers }, reply) => {
      // A stream is open for as long as its reader likes.
      if (asksFor(headers.accept, 'text/event-stream')) return;
      const labels = { method, route: routeOptions.url ?? 'none', status: `${Math.trunc(reply.statusCode / 100)}xx` };
      this.requests.observe(labels, reply.elapsedTime / 1_000);
    });
  }
}
