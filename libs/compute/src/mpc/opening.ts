import { sized, xor } from './bit-strings.js';
import { exchange } from './channel.js';
import { bytesOf, vectorFrom, type Sums, type Vector } from './rings.js';
import type { GroupSession } from './session.js';

/** The sum of the vectors of all parties, for each of them. One round. Throws RangeError on another length. */
export async function openSum({ peers }: Pick<GroupSession, 'peers'>, ring: Sums, own: Vector): Promise<Vector> {
  const received = await Promise.all(peers.map((peer) => exchange(peer, bytesOf(own))));
  return received.reduce((sum, bytes) => ring.add(sum, vectorFrom(bytes, own.length)), own);
}

/** The sum of the vectors of all parties, for these alone; null for the others. One round. Throws RangeError on another length. */
export async function openSumTo(
  { index, peers }: GroupSession,
  ring: Sums,
  own: Vector,
  receivers: readonly number[],
): Promise<Vector | null> {
  const isReceiver = receivers.includes(index);
  const received = await Promise.all(
    peers.map(async (peer, at) => {
      const sending = receivers.includes(at < index ? at : at + 1) && peer.send(bytesOf(own));
      const bytes = isReceiver ? await peer.receive() : null;
      await sending;
      return bytes;
    }),
  );
  if (!isReceiver) return null;
  return received.reduce((sum, bytes) => ring.add(sum, vectorFrom(bytes!, own.length)), own);
}

/** The exclusive or of the bits of all parties, for each of them. One round. Throws RangeError on another length. */
export async function openBits({ peers }: Pick<GroupSession, 'peers'>, own: Uint8Array): Promise<Uint8Array> {
  const received = await Promise.all(peers.map((peer) => exchange(peer, own)));
  return received.reduce((bits, bytes) => xor(bits, sized(bytes, own.length)), own);
}
