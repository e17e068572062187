import { type ArgumentsHost, Catch, type ExceptionFilter, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LOGGER } from '#libs/platform';
import { toProblemDocument } from './problem.js';
import { problemFromError } from './problem-from-error.js';

/** As much of a pino logger as the filter needs. */
export interface ProblemLog {
  error(fields: object, message: string): void;
}

/**
 * The one place where an error becomes an answer: `application/problem+json` for all of them, unknown routes included.
 * Logs each 5xx once, with its cause.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly log: ProblemLog) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** Also for what Fastify refuses before Nest sees it: pass it as the adapter's `frameworkErrors`. */
  readonly answer = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const problem = problemFromError(error);
    const path = request.url.split('?', 1)[0]!;
    if (problem.status >= 500) {
      const err = problem.cause ?? problem;
      this.log.error({ err, code: problem.code, method: request.method, path, request_id: request.id }, problem.detail);
    }
    // A stream that has begun can only be cut: a clean end would look like the whole of it.
    if (reply.sent || reply.raw.headersSent) return void reply.raw.destroy();
    // Closed at once, with the rest of the body unread, the connection would be reset before the client has the
    // answer. Left open, the rest is read and thrown away, for as long as a request may take.
    if (problem.code === 'BODY_TOO_LARGE' || problem.code === 'UNSUPPORTED_MEDIA_TYPE')
      reply.removeHeader('connection');
    void reply
      .code(problem.status)
      .headers({ ...problem.headers })
      .type('application/problem+json')
      .send(toProblemDocument(problem, path));
  };
}
