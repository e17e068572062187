import type { Caller } from '#libs/chain-engine';

/** As much of a Fastify reply as tells who asked. */
export interface CallerReply {
  readonly request: { readonly ip: string; readonly id: string };
}

/** Who asks, and from where. */
export function callerOf({ request }: CallerReply): Caller {
  return { actor: null, address: request.ip, request_id: request.id };
}
