import type { FastifyReply } from 'fastify';
import type { Caller } from '#libs/chain-engine';
import { includes } from './roles.js';

/** The party that the caller's key belongs to, null for a key of no party, and whether the caller is an admin. */
export function partyOf({ request: { identity } }: FastifyReply): { party: string | null; isAdmin: boolean } {
  return { party: identity?.party ?? null, isAdmin: identity !== undefined && includes(identity.role, 'admin') };
}

/** The caller of the request, and their address. */
export function callerOf({ request }: FastifyReply): Caller {
  return { actor: request.identity?.actor ?? null, address: request.ip, request_id: request.id };
}
