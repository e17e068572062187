import { dealShares, dealtVector } from './dealt.js';
import { dot } from './limbs.js';
import { dealMasking, masking, openTogether, type DealtMasked, type Masked } from './masked.js';
import type { PieceReceiver, PieceSender } from './pieces.js';
import { add, addInto, type RingVector } from './ring.js';
import { Z128 } from './rings.js';
import type { DealtParty, GroupSession } from './session.js';

/** Own share of the sum of squares of a shared vector. One round. */
export async function sumOfSquares(
  session: GroupSession,
  dealt: PieceReceiver,
  vector: RingVector,
): Promise<RingVector> {
  const [masked] = await openTogether(session, [masking(session, vector)]);
  return squaresOf(session, dealt, masked!);
}

/** The dealer's part of {@link sumOfSquares}, for `count` elements. */
export const dealSumOfSquares = (parties: readonly DealtParty[], toLast: PieceSender, count: number): Promise<void> =>
  dealSquares(parties, toLast, dealMasking(parties, count));

/** Own share of the sum of squares of a vector with fresh masks u: open open + 2 open u + u u, of which the dealer shares the last. */
export async function squaresOf(
  session: GroupSession,
  dealt: PieceReceiver,
  { open, own }: Masked,
): Promise<RingVector> {
  const ofMasks = await dealtVector(session, dealt, Z128, 1);
  const twice = add(own, own);
  return addInto(dot(open, session.index === 0 ? addInto(twice, open) : twice), ofMasks);
}

/** The dealer's part of {@link squaresOf}. */
async function dealSquares(
  parties: readonly DealtParty[],
  toLast: PieceSender,
  { shares }: DealtMasked,
): Promise<void> {
  const mask = shares.reduce(add);
  await dealShares(parties, toLast, Z128, dot(mask, mask));
}
