import { exchange } from './channel.js';
import { dot } from './limbs.js';
import type { PieceReceiver, PieceSender } from './pieces.js';
import {
  ELEMENT_BYTES,
  addInto,
  fromBytes,
  lengthOf,
  subtract,
  subtractInto,
  toBytes,
  type RingVector,
} from './ring.js';
import type { DealtParty, PartySession } from './session.js';

/**
 * Own share of the sum of squares of a shared vector z: z0 z0 + z1 z1 + 2 z0 z1, the last with masks u0 and u1 of both
 * parties (Beaver's triples), and a mask s. One round.
 *
 *     party 0  sends e = z0 - u0     keeps z0 f + s
 *     party 1  sends f = z1 - u1     keeps e u1 + c, where the dealer sends c = u0 u1 - s
 */
export async function sumOfSquares(
  session: PartySession,
  dealt: PieceReceiver,
  vector: RingVector,
): Promise<RingVector> {
  const count = lengthOf(vector);
  const mask = session.masks.next(count);
  const kept = session.index === 0 ? session.masks.next(1) : fromBytes(await dealt.take(ELEMENT_BYTES), 1);
  const opened = fromBytes(await exchange(session.peer, toBytes(subtract(vector, mask))), count);
  return squaresOf(session, vector, mask, opened, kept);
}

/** The last step of {@link sumOfSquares}, for who has opened the masked vector anyway. `kept` is s, or c. */
export function squaresOf(
  { index }: PartySession,
  vector: RingVector,
  mask: RingVector,
  opened: RingVector,
  kept: RingVector,
): RingVector {
  const cross = addInto(index === 0 ? dot(vector, opened) : dot(opened, mask), kept);
  return addInto(addInto(dot(vector, vector), cross), cross);
}

/** The dealer's part of {@link sumOfSquares}, for `count` elements. `toSecond` is its line to the second party. */
export async function dealSumOfSquares(
  [first, second]: readonly [DealtParty, DealtParty],
  toSecond: PieceSender,
  count: number,
): Promise<void> {
  const masks = [first.masks.next(count), second.masks.next(count)] as const;
  await toSecond.put(toBytes(subtractInto(dot(masks[0], masks[1]), first.masks.next(1))));
}
