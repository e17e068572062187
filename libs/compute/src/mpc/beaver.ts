import { exchange } from './channel.js';
import { multiply } from './limbs.js';
import { add, addInto, fromBytes, lengthOf, subtract, subtractInto, toBytes, zeros, type RingVector } from './ring.js';
import type { DealtParty, PartySession } from './session.js';

/**
 * Shares of x * y, element by element, from shares of x and y (D. Beaver, "Efficient multiparty protocols using circuit
 * randomization", CRYPTO 1991). The parties open x - a and y - b, which a and b mask; the fraction bits of the product
 * are those of x and y together. The dealer runs {@link dealProduct} for the same length at the same time.
 */
export async function multiplyShares(session: PartySession, x: RingVector, y: RingVector): Promise<RingVector> {
  const length = lengthOf(x);
  const a = session.masks.next(length);
  const b = session.masks.next(length);
  const c = session.index === 0 ? session.masks.next(length) : fromBytes(await session.dealer.receive(), length);

  const opened = zeros(2 * length);
  opened.set(subtract(x, a));
  opened.set(subtract(y, b), x.length);
  addInto(opened, fromBytes(await exchange(session.peer, toBytes(opened)), 2 * length));
  const e = opened.subarray(0, x.length);
  const f = opened.subarray(x.length);

  const product = addInto(addInto(multiply(e, b), multiply(f, a)), c);
  return session.index === 0 ? addInto(product, multiply(e, f)) : product;
}

/** The dealer's part of {@link multiplyShares}: only party 1 is sent something, `length` elements. */
export async function dealProduct([first, second]: readonly [DealtParty, DealtParty], length: number): Promise<void> {
  const a = first.masks.next(length);
  const b = first.masks.next(length);
  const c = first.masks.next(length);
  const product = multiply(add(a, second.masks.next(length)), add(b, second.masks.next(length)));
  await second.channel.send(toBytes(subtractInto(product, c)));
}
