import { MAX_ROWS, PeerMessage } from '../contract/peer-message.js';
import { dealCrossProduct } from '../mpc/cross-product.js';
import { lineTo } from '../mpc/party-line.js';
import { deal } from '../mpc/session.js';
import { dealRounded } from './open-rounded.js';
import type { PartyProgram } from '../party/party-program.js';

const MAX_COLUMNS = 100_000;

/** The size of a party's table. Throws PROTOCOL_VIOLATION. */
export function dealtSizeFrom(peer: string, value: unknown): { rows: number; columns: number } {
  const message = new PeerMessage(peer, value);
  return { rows: message.count('rows', MAX_ROWS), columns: message.count('columns', MAX_COLUMNS) };
}

/** The dealer of correlations, in a process without tables: it receives the sizes, and serves each pair of parties in turn. */
export const run: PartyProgram<null, null> = async (context) => {
  const { peers } = context;
  const sizes: { rows: number; columns: number }[] = [];
  for (const party of peers) sizes.push(dealtSizeFrom(party, await context.receiveJson<unknown>(party)));
  const pairs = peers.flatMap((_, left) => peers.slice(left + 1).map((_, more) => [left, left + 1 + more] as const));
  for (const [done, [left, right]] of pairs.entries()) {
    const parties = await deal([lineTo(context, peers[left]!), lineTo(context, peers[right]!)]);
    const columns = [sizes[left]!.columns, sizes[right]!.columns] as const;
    await dealCrossProduct(parties, sizes[left]!.rows, columns, (fraction) =>
      context.progress((done + fraction) / pairs.length, `multiplying ${peers[left]} with ${peers[right]}`),
    );
    await dealRounded(parties, columns[0] * columns[1]);
  }
  return null;
};
