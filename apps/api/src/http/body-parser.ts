import type { FastifyInstance } from 'fastify';
import { MAX_BODY_BYTES, parseStrictJson } from '#libs/chain-domain';
import { Problem } from './problem.js';

/** Routes that refuse a request without a body. */
const NEEDS_BODY = /^\/api\/v1\/chains(\/validate)?\/?(\?|$)/;

/** Parses JSON bodies strictly and refuses all others: Fastify's parsers would take text. */
export function parseBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
    (request, body, done) => {
      const wanted = request.method === 'POST' || request.method === 'PUT' || request.method === 'PATCH';
      if (!wanted || (body.length === 0 && !NEEDS_BODY.test(request.url))) return done(null, undefined);
      const parsed = parseStrictJson(body as Buffer);
      if (parsed.ok) return done(null, parsed.value);
      const [first] = parsed.faults;
      done(new Problem('INVALID_JSON', first!.message, { errors: parsed.faults }));
    },
  );
}

/** Refuses a request that needs a body and names no media type. */
export function requireMediaType(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', async ({ method, url, headers }) => {
    if (method === 'POST' && NEEDS_BODY.test(url) && headers['content-type'] === undefined) {
      throw new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.');
    }
  });
}
