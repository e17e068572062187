import type { FastifyReply } from 'fastify';
import type { Caller } from '#libs/chain-engine';

/** The caller of the request, and their address. */
export function callerOf({ request }: FastifyReply): Caller {
  return { actor: request.identity?.actor ?? null, address: request.ip, request_id: request.id };
}
