import { NEUTRAL, type PartyContext } from '../party/party-program.js';
import type { Channel } from './channel.js';
import { joinGroup, type GroupSession } from './session.js';

/** A party's line to another role of its task, as a byte channel for the protocols. */
export function lineTo(context: PartyContext, role: string): Channel {
  return {
    to: role,
    send: (bytes) => context.send(role, bytes),
    receive: () => context.receiveBytes(role),
  };
}

/** The parties of a task, the own one among them, in the order of the indexes of their shares. */
export const partiesOf = ({ party, peers }: Pick<PartyContext, 'party' | 'peers'>): string[] =>
  [party, ...peers].sort();

/** A party's side of a computation of all parties of its task with its dealer. */
export function joinAll(context: PartyContext): Promise<GroupSession> {
  const parties = partiesOf(context);
  const peers = parties.filter((party) => party !== context.party);
  return joinGroup(
    parties.indexOf(context.party),
    peers.map((peer) => lineTo(context, peer)),
    lineTo(context, NEUTRAL),
  );
}
