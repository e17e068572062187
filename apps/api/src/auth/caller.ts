import type { Caller } from '#libs/chain-engine';
import type { Identity } from './roles.js';

/** As much of a Fastify reply as tells who asked. */
export interface CallerReply {
  readonly request: { readonly ip: string; readonly id: string; readonly identity?: Identity };
}

/** Who asks, and from where. */
export function callerOf({ request }: CallerReply): Caller {
  return { actor: request.identity?.actor ?? null, address: request.ip, request_id: request.id };
}
