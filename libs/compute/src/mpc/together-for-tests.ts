import { inProcessLine } from './channel.js';
import { deal, joinSession, type DealtParty, type PartySession } from './session.js';

/** Runs both parties and the dealer in this process. */
export async function together<T>(
  party: (session: PartySession) => Promise<T>,
  dealer: (parties: readonly [DealtParty, DealtParty]) => Promise<void>,
  seen: (from: 0 | 1, bytes: Uint8Array) => void = () => {},
): Promise<[T, T]> {
  const [peer0, peer1] = inProcessLine(seen);
  const [deal0, party0] = inProcessLine();
  const [deal1, party1] = inProcessLine();
  const [first, second] = await Promise.all([
    joinSession(0, peer0, party0).then(party),
    joinSession(1, peer1, party1).then(party),
    deal([deal0, deal1]).then(dealer),
  ]);
  return [first, second];
}
