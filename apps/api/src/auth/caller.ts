import type { FastifyReply } from 'fastify';
import type { Caller } from '#libs/chain-engine';

/** The party that the caller's key belongs to; null for a key of no party. */
export const partyOf = ({ request }: FastifyReply): string | null => request.identity?.party ?? null;

/** The caller of the request, and their address. */
export function callerOf({ request }: FastifyReply): Caller {
  return { actor: request.identity?.actor ?? null, address: request.ip, request_id: request.id };
}
