import { randomBytes } from 'node:crypto';
import { isCount, MAX_ROWS, PeerMessage, violation } from '../contract/peer-message.js';
import { TaskFailure } from '../contract/task-type.js';
import { NEUTRAL, type PartyContext } from '../party/party-program.js';

/** What the parties and the dealer agree on before a training: sizes. */
export interface Agreement {
  readonly training: string;
  /** Buckets of the columns of both parties. */
  readonly counts: readonly [readonly number[], readonly number[]];
  /** Labels are numbers in units of this power of two. */
  readonly unit: number;
}

/** The number of a bucket has 16 bits. */
const MAX_BUCKETS = 1 << 16;
/** The most cells of a masked matrix, of 4 bytes each: half of what a process may hold. */
const MAX_CELLS = 1 << 27;
const MAX_EXPONENT = 1100;

/**
 * Sends the peer the numbers of own buckets and, with the label, its unit; the first party names the training, and sends
 * the dealer the sizes. Throws TaskFailure TOO_MANY_BUCKETS, PROTOCOL_VIOLATION.
 */
export async function agree(
  context: PartyContext,
  index: 0 | 1,
  peerColumns: number,
  own: readonly number[],
  exponent: number | null,
  rows: { readonly train: number; readonly predict: number; readonly least: number },
): Promise<Agreement> {
  const peer = context.peers[0]!;
  const name = randomBytes(16).toString('hex');
  await context.send(peer, {
    counts: [...own],
    ...(exponent !== null && { exponent: exponent + MAX_EXPONENT }),
    ...(index === 0 && { training: name }),
  });
  const message = new PeerMessage(peer, await context.receiveJson<unknown>(peer));
  const theirs = countsFrom(peer, message, 'counts', peerColumns);
  const found = exponent ?? message.count('exponent', 2 * MAX_EXPONENT) - MAX_EXPONENT;
  const training = index === 0 ? name : message.text('training', 32);
  const counts = index === 0 ? ([own, theirs] as const) : ([theirs, own] as const);
  for (const party of counts) {
    const cells = rows.train * party.reduce((sum, count) => sum + count, 0);
    if (cells <= MAX_CELLS) continue;
    throw new TaskFailure(
      'TOO_MANY_BUCKETS',
      `The columns of a party have ${cells} cells of rows and buckets; at most ${MAX_CELLS} fit. Raise params.sketch_eps, or take fewer ` +
        'columns or rows.',
      false,
      { cells, max_cells: MAX_CELLS },
    );
  }
  if (index === 0) await context.send(NEUTRAL, { ...rows, first: [...counts[0]], second: [...counts[1]] });
  return { training, counts, unit: 2 ** found };
}

/** The sizes that the first party sends the dealer. Throws PROTOCOL_VIOLATION. */
export function sizesFrom(
  peer: string,
  value: unknown,
  [first, second]: readonly [number, number],
): { train: number; predict: number; least: number; counts: [number[], number[]] } {
  const message = new PeerMessage(peer, value);
  const rows = (name: string): number => message.count(name, MAX_ROWS);
  const sizes = { train: rows('train'), predict: rows('predict'), least: rows('least') };
  const counts: [number[], number[]] = [
    countsFrom(peer, message, 'first', first),
    countsFrom(peer, message, 'second', second),
  ];
  for (const party of counts) {
    if (sizes.train * party.reduce((sum, count) => sum + count, 0) > MAX_CELLS)
      throw violation(peer, 'too many cells to mask');
  }
  return { ...sizes, counts };
}

function countsFrom(peer: string, message: PeerMessage, name: string, columns: number): number[] {
  const isBuckets = (item: unknown): item is number => isCount(item, MAX_BUCKETS) && item > 0;
  const counts = message.list(name, columns, isBuckets);
  if (counts.length !== columns) throw violation(peer, `${name} of other than ${columns} columns`);
  return counts;
}
