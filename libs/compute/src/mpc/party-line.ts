import type { PartyContext } from '../party/party-program.js';
import type { Channel } from './channel.js';

/** A party's line to another role of its task, as a byte channel for the protocols. */
export function lineTo(context: PartyContext, role: string): Channel {
  return {
    send: (bytes) => context.send(role, bytes),
    receive: () => context.receiveBytes(role),
  };
}
