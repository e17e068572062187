import type { FastifyInstance } from 'fastify';
import { MAX_BODY_BYTES, parseStrictJson } from '#libs/chain-domain';
import { LARGE_BYTES, LargeBody } from './large-body.js';
import { Problem } from './problem.js';

/** The limit of every body but a chain's: it is parsed in the main thread. */
const OTHER_BYTES = 1024 * 1024;

/** Routes that refuse a request without a body. */
const NEEDS_BODY = /^\/api\/v1\/chains(\/validate)?\/?(\?|$)/;

/** Routes that learn from the bytes of a body who sent it, and their limit: nobody has signed in who sends them. */
const SIGNED_BODY = '/api/v1/hooks/';
const SIGNED_BYTES = 64 * 1024;

/** Routes of sites, and their limit: a signing request fits in, and nobody has signed in who sends it. */
const OF_SITES = /^\/api\/v1\/nodes\/(join|certificate)$/;
const SITE_BYTES = 16 * 1024;

/** Parses JSON bodies strictly and refuses all others: Fastify's parsers would take text. */
export function parseBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addHook('onRoute', (route) => {
    if (route.url.startsWith(SIGNED_BODY)) route.bodyLimit = SIGNED_BYTES;
    if (OF_SITES.test(route.url)) route.bodyLimit = SITE_BYTES;
  });
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES },
    (request, body, done) => {
      const wanted = request.method === 'POST' || request.method === 'PUT' || request.method === 'PATCH';
      if (!wanted || (body.length === 0 && !NEEDS_BODY.test(request.url))) return done(null, undefined);
      const bytes = body as Buffer;
      if (NEEDS_BODY.test(request.url) && bytes.length > LARGE_BYTES) return done(null, new LargeBody(bytes));
      if (request.url.startsWith(SIGNED_BODY)) return done(null, new LargeBody(bytes));
      try {
        if (bytes.length > OTHER_BYTES)
          throw new Problem('BODY_TOO_LARGE', 'A body may have at most 1 MiB unless it is a chain.');
        done(null, parseBody(bytes));
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

/** The value of a body. Throws INVALID_JSON. */
export function parseBody(bytes: Uint8Array): unknown {
  const parsed = parseStrictJson(bytes);
  if (parsed.ok) return parsed.value;
  throw new Problem('INVALID_JSON', parsed.faults[0]!.message, { errors: parsed.faults });
}

/** Refuses a request that needs a body and names no media type. */
export function requireMediaType(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', async ({ method, url, headers }) => {
    if (method === 'POST' && NEEDS_BODY.test(url) && headers['content-type'] === undefined) {
      throw new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json.');
    }
  });
}
