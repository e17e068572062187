import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

/** A rate is averaged over this time, s. */
const WINDOW_S = 10;

/** Requests of one address that may have the issuer of tokens asked, a second. */
const AT_ISSUER = 10;

/** An orchestrator must always get its answer. */
const PROBES = /^\/health\/(live|ready)(\?|$)/;

/** Refuses an address that sends more than `perSecond` requests, probes apart. 0: no limit. */
export async function limitRate(fastify: FastifyInstance, perSecond: number): Promise<void> {
  if (perSecond === 0) return;
  await fastify.register(rateLimit, { global: false });
  const take = limiter(fastify, perSecond);
  const takeAtIssuer = limiter(fastify, Math.min(perSecond, AT_ISSUER));
  fastify.addHook('onRequest', async (request) => {
    if (PROBES.test(request.url)) return;
    await take(request);
    if (request.routeOptions.config.asksIssuer === true) await takeAtIssuer(request);
  });
}

/** Counts a request, and throws TOO_MANY_REQUESTS where its address has sent too many. */
function limiter(fastify: FastifyInstance, perSecond: number): (request: FastifyRequest) => Promise<void> {
  const max = perSecond * WINDOW_S;
  const take = fastify.createRateLimit({ max, timeWindow: WINDOW_S * 1_000 });
  return async (request) => {
    const rate = await take(request);
    if (rate.isAllowed || !rate.isExceeded) return;
    throw new Problem(
      'TOO_MANY_REQUESTS',
      `More than ${max} requests came from your address within ${WINDOW_S} s: try again later.`,
      { headers: { 'Retry-After': String(rate.ttlInSeconds) } },
    );
  };
}
