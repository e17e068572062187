import { chosen } from './bit-numbers.js';
import { dealShares, dealtVector, drawnSum } from './dealt.js';
import { below, dealBelow } from './below.js';
import { openSum } from './opening.js';
import type { PieceReceiver, PieceSender } from './pieces.js';
import { shiftRightInto } from './ring.js';
import { Z128, concat, countOf, nextOf, powers, type Ring, type Vector } from './rings.js';
import type { DealtParty, GroupSession } from './session.js';

/** How many consecutive elements of a vector lose how many bits: 0 to 30, or 0 to 96 in Z_2^128. */
export interface Cut {
  readonly count: number;
  readonly bits: number;
}

/**
 * Own share of each element divided by 2^bits and rounded down, exactly, in another ring if need be: every run gives the
 * same. With N bits in the ring, every shared number must lie within +-2^(N-2); then it never fails. A round and those of
 * {@link below}, three at most.
 *
 * D. Escudero, S. Ghosh, M. Keller, R. Rachuri, P. Scholl, "Improved Primitives for MPC over Mixed Arithmetic-Binary
 * Circuits", CRYPTO 2020, section 5.1. The dealer hands out shares of a random r, of p = (r mod 2^(N-1)) >> bits, of q,
 * which is 2^(N-1-bits) if r's top bit is set, else 0, and of the low bits of r:
 *
 *     all open c = x + 2^(N-2) + r, and with c' = (c mod 2^(N-1)) >> bits
 *     x >> bits = c' - 2^(N-2-bits) - p + q - carry     if c's top bit is 0
 *               = c' + 2^(N-2-bits) - p - q - carry     if c's top bit is 1
 *
 * The carry is 1 where the low bits of c are less than those of r. Nobody learns it.
 */
export async function truncate(
  session: GroupSession,
  dealt: PieceReceiver,
  values: Vector,
  cuts: readonly Cut[],
  from: Ring = Z128,
  to: Ring = from,
): Promise<Vector> {
  const { index, masks } = session;
  const count = countOf(from, values);
  const most = 32 * from.words - 2;
  const own = from.add(values, nextOf(masks, from, count));
  const pieces = await dealtVector(session, dealt, to, 2 * count);
  const [rests, tops] = [pieces.subarray(0, count * to.words), pieces.subarray(count * to.words)];
  const opened = await openSum(session, from, index === 0 ? from.add(own, powers(from, count, most)) : own);

  const minus = to.subtract(new Uint32Array(tops.length), tops);
  const isTop = (at: number): boolean => isTopSet(from, opened, at);
  let kept = to.subtract(
    chosen(to, count, (at) => (isTop(at) ? minus : tops)),
    rests,
  );
  if (index === 0) {
    const half = concat(cuts.map((cut) => powers(to, cut.count, most - cut.bits)));
    const minusHalf = to.subtract(new Uint32Array(half.length), half);
    const moved = chosen(to, count, (at) => (isTop(at) ? half : minusHalf));
    kept = to.add(kept, to.add(moved, highParts(from, to, opened, cuts)));
  }
  const bits = mostBits(cuts);
  if (bits === 0) return kept;
  return to.subtract(kept, await below(session, dealt, lowParts(from, opened, cuts), from.words, bits, to));
}

/** The dealer's part of {@link truncate}. `toLast` is its line to the last party. */
export async function dealTruncation(
  parties: readonly DealtParty[],
  toLast: PieceSender,
  cuts: readonly Cut[],
  from: Ring = Z128,
  to: Ring = from,
): Promise<void> {
  const count = cuts.reduce((sum, cut) => sum + cut.count, 0);
  const mask = drawnSum(parties, from, count);
  const top = concat(cuts.map((cut) => powers(to, cut.count, 32 * from.words - 1 - cut.bits)));
  const none = new Uint32Array(top.length);
  const tops = chosen(to, count, (at) => (isTopSet(from, mask, at) ? top : none));
  await dealShares(parties, toLast, to, concat([highParts(from, to, mask, cuts), tops]));
  const bits = mostBits(cuts);
  if (bits > 0) await dealBelow(parties, toLast, lowParts(from, mask, cuts), from.words, bits, to);
}

const mostBits = (cuts: readonly Cut[]): number => Math.max(0, ...cuts.map(({ bits }) => bits));

const isTopSet = (ring: Ring, vector: Vector, at: number): boolean => vector[(at + 1) * ring.words - 1]! >>> 31 === 1;

/** What stays of the elements without their top bit, in another ring. */
function highParts(from: Ring, to: Ring, vector: Vector, cuts: readonly Cut[]): Vector {
  if (from.words > to.words) throw new RangeError('no shift to a smaller ring');
  const high = vector.slice();
  for (let at = from.words - 1; at < high.length; at += from.words) high[at]! &= 0x7fff_ffff;
  forEachCut(from, high, cuts, (part, bits) => {
    if (from !== Z128) part.forEach((word, at) => (part[at] = word >>> bits));
    else if (bits > 0) shiftRightInto(part, bits);
  });
  if (from.words === to.words) return high;
  const wide = new Uint32Array(high.length * to.words);
  high.forEach((word, at) => (wide[at * to.words] = word));
  return wide;
}

/** The bits that the elements lose. */
function lowParts(ring: Ring, vector: Vector, cuts: readonly Cut[]): Vector {
  const low = vector.slice();
  forEachCut(ring, low, cuts, (part, bits) => {
    for (let at = 0; at < part.length; at += 1) {
      const kept = bits - 32 * (at % ring.words);
      if (kept < 32) part[at]! &= kept > 0 ? 2 ** kept - 1 : 0;
    }
  });
  return low;
}

function forEachCut(
  ring: Ring,
  vector: Vector,
  cuts: readonly Cut[],
  change: (part: Vector, bits: number) => void,
): void {
  let from = 0;
  for (const { count, bits } of cuts) change(vector.subarray(from, (from += count * ring.words)), bits);
}
