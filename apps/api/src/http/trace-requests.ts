import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { failed, SpanKind, startSpan, within, type Span } from '#libs/tracing';

declare module 'fastify' {
  interface FastifyRequest {
    span?: Span;
  }
}

/**
 * A span for each request, below the caller's where it sends a W3C `traceparent`. Where tracing is off there are no hooks.
 * Named by the declared route. Query, headers and body are left out.
 */
export function traceRequests(adapter: FastifyAdapter): void {
  const fastify = adapter.getInstance();
  fastify.decorateRequest('span');
  fastify.addHook('onRequest', async (request) => {
    const { method, routeOptions, headers, id } = request;
    const { traceparent } = headers;
    request.span = startSpan(`${method} ${routeOptions.url ?? ''}`.trim(), {
      kind: SpanKind.SERVER,
      parent: typeof traceparent === 'string' ? traceparent : undefined,
      attributes: {
        'http.request.method': method,
        ...(routeOptions.url === undefined ? {} : { 'http.route': routeOptions.url }),
        'taskchain.request.id': id,
      },
    });
  });
  // Not before the body is read: what comes in by events has lost sight of who waits for it.
  fastify.addHook('preHandler', (request, _reply, done) => within(request.span, done));
  fastify.addHook('onResponse', async ({ span }, { statusCode }) => {
    span?.setAttribute('http.response.status_code', statusCode);
    if (statusCode >= 500) failed(span, String(statusCode));
    span?.end();
  });
}
