import { sized, xor } from './bit-strings.js';
import { exchange } from './channel.js';
import { bytesOf, vectorFrom, type Sums, type Vector } from './rings.js';
import type { GroupSession } from './session.js';

/** The sum of the vectors of all parties, for each of them. One round. Throws RangeError on another length. */
export async function openSum({ peers }: Pick<GroupSession, 'peers'>, ring: Sums, own: Vector): Promise<Vector> {
  const received = await Promise.all(peers.map((peer) => exchange(peer, bytesOf(own))));
  return received.reduce((sum, bytes) => ring.add(sum, vectorFrom(bytes, own.length)), own);
}

/** The exclusive or of the bits of all parties, for each of them. One round. Throws RangeError on another length. */
export async function openBits({ peers }: Pick<GroupSession, 'peers'>, own: Uint8Array): Promise<Uint8Array> {
  const received = await Promise.all(peers.map((peer) => exchange(peer, own)));
  return received.reduce((bits, bytes) => xor(bits, sized(bytes, own.length)), own);
}
