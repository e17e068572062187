import { dealShares, dealtVector, drawnBits, drawnSum } from './dealt.js';
import { bitOf, nextBytes, sized, xor } from './bit-strings.js';
import { exchange } from './channel.js';
import { multiply } from './limbs.js';
import type { PieceReceiver, PieceSender } from './pieces.js';
import {
  ELEMENT_BYTES,
  add,
  addInto,
  encode,
  fromBytes,
  lengthOf,
  negateInto,
  slice,
  subtract,
  toBytes,
  zeros,
  type RingVector,
} from './ring.js';
import { Z128 } from './rings.js';
import type { DealtParty, GroupSession } from './session.js';
import { planeBytes } from './shared-bits.js';

/**
 * Own share of each value where its bit is 1, else of 0. Bits are shared by exclusive or, values by sum. The dealer
 * hands out shares of a random bit r and of r u, with a mask u:
 *
 *     all      open m = bit ^ r and e = value - u
 *     party i  keeps k_i = e r_i + (r u)_i where m is 0, value_i - k_i where m is 1
 */
export async function select(
  session: GroupSession,
  dealt: PieceReceiver,
  bits: Uint8Array,
  values: RingVector,
): Promise<RingVector> {
  const { peers, masks } = session;
  const count = lengthOf(values);
  const flip = nextBytes(masks, bits.length);
  const mask = masks.next(count);
  const products = await dealtVector(session, dealt, Z128, 2 * count);

  const sent = new Uint8Array(count * ELEMENT_BYTES + bits.length);
  sent.set(toBytes(subtract(values, mask)));
  sent.set(xor(bits, flip), count * ELEMENT_BYTES);
  const received = await Promise.all(peers.map(async (peer) => sized(await exchange(peer, sent), sent.length)));
  const elementsOf = (bytes: Uint8Array): RingVector => fromBytes(bytes.subarray(0, count * ELEMENT_BYTES), count);
  const opened = [sent, ...received].map(elementsOf).reduce(add);
  const flipped = received.reduce(xor, sent).subarray(count * ELEMENT_BYTES);

  const kept = addInto(multiply(opened, slice(products, 0, count)), slice(products, count, 2 * count));
  for (let at = 0; at < count; at += 1) {
    if (bitOf(flipped, at) === 1) addInto(negateInto(slice(kept, at, at + 1)), slice(values, at, at + 1));
  }
  return kept;
}

/** The dealer's part of {@link select}, for `count` elements. `toLast` is its line to the last party. */
export async function dealSelect(parties: readonly DealtParty[], toLast: PieceSender, count: number): Promise<void> {
  const flip = drawnBits(parties, planeBytes(count));
  const mask = drawnSum(parties, Z128, count);
  const products = zeros(2 * count);
  const one = encode([1], 0);
  for (let at = 0; at < count; at += 1) {
    if (bitOf(flip, at) === 0) continue;
    slice(products, at, at + 1).set(one);
    slice(products, count + at, count + at + 1).set(slice(mask, at, at + 1));
  }
  await dealShares(parties, toLast, Z128, products);
}
