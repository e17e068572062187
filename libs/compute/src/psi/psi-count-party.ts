import { MAX_ROWS, PeerMessage } from '../contract/peer-message.js';
import { exchange } from '../mpc/psi-exchange.js';
import type { Opened } from '../party/opened.js';
import type { PartyContext, PartyProgram } from '../party/party-program.js';
import { columnIndexes } from '../table/csv-reader.js';
import { readTable } from '../table/read-table.js';
import { agreeOnKeys, agreeOnSalt } from './agree-on-keys.js';
import { scanKeys } from './key-scan.js';

/** Arguments of one party, as `psi-count-run.ts` makes them. */
export interface PsiCountArgs {
  readonly keys: readonly string[];
  readonly inputPath: string;
  /** Whether this party is the receiver. */
  readonly learns: boolean;
}

/** End on the progress bar of reading and hashing. Then comes the exchange. */
const SCANNED = 0.2;
const UNSEEN = 'Under so many of the own keys as a figure must cover are common, or under so many are not.';

/**
 * One party of `psi_count`. Throws TaskFailure KEY_TYPE_MISMATCH, BUDGET_EXHAUSTED, KEYS_NOT_ALLOWED, GROUP_TOO_SMALL, ROWS_TOO_CLOSE, and what
 * opening a table and `scanKeys` throw.
 */
export const run: PartyProgram<PsiCountArgs, null> = async (context, { keys, inputPath, learns }) => {
  const [peer] = context.peers as [string];
  context.progress(0, 'reading keys');
  const input = await context.openInput(inputPath);
  try {
    const table = await readTable(context.party, input);
    const keyIndexes = columnIndexes(table, keys);
    const salt = await agreeOnSalt(context);
    const scan = await scanKeys(table, keyIndexes, salt, () =>
      context.progress(SCANNED * table.read(), 'reading keys'),
    );
    const peerRows = await agreeOnKeys(context, peer, keys, scan.rows, scan.kinds);
    const least = await agreeOnLeast(context, peer);
    if (!learns) await context.reserve(countFor(peer, keys, scan.rows, peerRows));
    const total = scan.rows + peerRows || 1;
    const { places } = await exchange(context, {
      peer,
      points: scan.points,
      peerRows,
      learns,
      peerLearns: !learns,
      hidesWhich: !learns,
      worked: (points) => context.progress(SCANNED + (1 - SCANNED) * (points / total), 'blinding keys'),
    });
    if (places === null) return null;
    const count = places.reduce((sum, place) => sum + (place < 0 ? 0 : 1), 0);
    const isSeen = Math.min(count, scan.rows - count) >= least;
    context.keepResult({
      original_count: scan.rows,
      intersection_count: isSeen ? count : null,
      ...(!isSeen && { withheld: { intersection_count: UNSEEN, min_rows: least } }),
    });
    return null;
  } finally {
    await input.close();
  }
};

/** The larger of the smallest groups of rows that a figure of the two parties may cover. */
async function agreeOnLeast(context: PartyContext, peer: string): Promise<number> {
  await context.send(peer, { least: context.minGroupRows });
  return Math.max(context.minGroupRows, leastFrom(peer, await context.receiveJson<unknown>(peer)));
}

/** Reads the peer's smallest group of rows. Throws PROTOCOL_VIOLATION. */
export const leastFrom = (peer: string, value: unknown): number =>
  new PeerMessage(peer, value).count('least', MAX_ROWS);

/**
 * A number from 0 to the smaller number of rows. Two of them for lists that differ by one key say whether that key is in the table: one of two
 * values for each row, so they count as figures about a column of two values.
 */
function countFor(peer: string, keys: readonly string[], rows: number, peerRows: number): Opened {
  const bits = Math.ceil(Math.log2(Math.min(rows, peerRows) + 1));
  const columns = keys.map((column) => ({ column, figures: 1, bits, rows, distinct: 2 }));
  return { columns, joint: true, keys, to: [peer], counts: { key_counts: 1 } };
}
