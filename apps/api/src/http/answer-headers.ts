import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/** As helmet has them, but for the directive that would send a plain http:// page's own files to https://. */
const SECURITY_HEADERS = { contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } };

/** Sets what every answer has, refusals included: security headers and the id of the request. */
export async function setAnswerHeaders(fastify: FastifyInstance): Promise<void> {
  await fastify.register(helmet, SECURITY_HEADERS);
  fastify.addHook('onRequest', async (request, reply) => {
    reply.header('X-Request-Id', request.id);
  });
}
