import { PeerMessage } from '../contract/peer-message.js';
import { checkGroup } from '../contract/privacy.js';
import { TaskFailure } from '../contract/task-type.js';
import type { PartyContext } from '../party/party-program.js';

/**
 * Compares the number of rows of a table with each of these peers. Returns the smallest group of rows that a figure of any of these parties' rows may cover. Throws
 * TaskFailure NOT_ALIGNED, which names no number, and GROUP_TOO_SMALL. `figures` is what others get, as messages name it.
 */
export async function agreeOnRows(
  context: Pick<PartyContext, 'party' | 'minGroupRows' | 'send' | 'receiveJson'>,
  peers: readonly string[],
  { path, rows, figures }: { readonly path: string; readonly rows: number; readonly figures: string },
): Promise<number> {
  // Before peers compare: an empty table and one of a row fail alike.
  checkGroup(context, path, rows, figures);
  for (const peer of peers) await context.send(peer, { rows, least: context.minGroupRows });
  let least = context.minGroupRows;
  for (const peer of peers) {
    const theirs = sizeFrom(peer, await context.receiveJson<unknown>(peer));
    least = Math.max(least, theirs.least);
    if (theirs.rows === rows) continue;
    throw new TaskFailure(
      'NOT_ALIGNED',
      `Parties ${[context.party, peer].sort().join(' and ')} do not have the same number of rows. Align the tables with psi first.`,
    );
  }
  return least;
}

/** How many rows a peer has, and the fewest that it lets a figure cover. Throws PROTOCOL_VIOLATION. */
export function sizeFrom(peer: string, value: unknown): { readonly rows: number; readonly least: number } {
  const message = new PeerMessage(peer, value);
  const count = (name: string): number => message.count(name, Number.MAX_SAFE_INTEGER);
  return { rows: count('rows'), least: count('least') };
}
