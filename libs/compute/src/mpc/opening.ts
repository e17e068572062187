import { exchange } from './channel.js';
import { bytesOf, vectorFrom, type Sums, type Vector } from './rings.js';
import type { GroupSession } from './session.js';

/** The sum of the vectors of all parties, for each of them. One round. Throws RangeError on another length. */
export async function openSum({ peers }: Pick<GroupSession, 'peers'>, ring: Sums, own: Vector): Promise<Vector> {
  const received = await Promise.all(peers.map((peer) => exchange(peer, bytesOf(own))));
  return received.reduce((sum, bytes) => ring.add(sum, vectorFrom(bytes, own.length)), own);
}
