import { PeerMessage } from '../contract/peer-message.js';
import type { JsonObject } from '../contract/task-type.js';
import type { PartyContext } from '../party/party-program.js';

/** Sends each other party the same, and returns what they send, by party. Throws PROTOCOL_VIOLATION where one is no plain object. */
export async function exchangeMessages(
  context: Pick<PartyContext, 'peers' | 'send' | 'receiveJson'>,
  own: JsonObject,
): Promise<ReadonlyMap<string, PeerMessage>> {
  for (const peer of context.peers) await context.send(peer, own);
  const theirs = new Map<string, PeerMessage>();
  for (const peer of context.peers) theirs.set(peer, new PeerMessage(peer, await context.receiveJson<unknown>(peer)));
  return theirs;
}
