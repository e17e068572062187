import { inProcessLine, type Channel } from './channel.js';
import {
  deal,
  dealGroup,
  joinGroup,
  joinSession,
  type DealtParty,
  type GroupSession,
  type PartySession,
} from './session.js';

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

/** Runs a group of parties and the dealer in this process. */
export async function groupTogether<T>(
  count: number,
  party: (session: GroupSession) => Promise<T>,
  dealer: (parties: readonly DealtParty[]) => Promise<void>,
  seen: (from: number, bytes: Uint8Array) => void = () => {},
): Promise<T[]> {
  const lines = Array.from({ length: count }, (): Channel[] => []);
  for (let low = 0; low < count; low += 1) {
    for (let high = low + 1; high < count; high += 1) {
      const [atLow, atHigh] = inProcessLine((from, bytes) => seen(from === 0 ? low : high, bytes));
      [lines[low]![high], lines[high]![low]] = [atLow, atHigh];
    }
  }
  const deals = lines.map(() => inProcessLine());
  const [parties] = await Promise.all([
    Promise.all(
      lines.map((row, index) =>
        joinGroup(
          index,
          row.filter((_, at) => at !== index),
          deals[index]![1],
        ).then(party),
      ),
    ),
    dealGroup(deals.map(([end]) => end)).then(dealer),
  ]);
  return parties;
}
