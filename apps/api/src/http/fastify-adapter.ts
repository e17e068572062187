import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { MAX_BODY_BYTES } from '#libs/chain-domain';
import type { ProblemFilter } from './problem.filter.js';
import { answerUnreadable } from './unreadable-request.js';

/** A request must have arrived whole within this time, ms. */
const REQUEST_MS = 60_000;

/** Fastify as the API sets it up. `filter` is read at the first request: Nest makes it later. */
export function createAdapter(filter: () => ProblemFilter): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: MAX_BODY_BYTES,
    // The design writes its URLs with a slash at their end.
    routerOptions: { maxParamLength: 1024, ignoreTrailingSlash: true },
    return503OnClosing: false,
    requestTimeout: REQUEST_MS,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
      filter().answer(error, request, reply),
    clientErrorHandler: answerUnreadable,
  });
  const { server } = adapter.getInstance();
  // An unknown expectation may be ignored (RFC 9110). Node would refuse it without a problem document.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  return adapter;
}
