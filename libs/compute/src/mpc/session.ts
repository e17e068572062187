import type { Channel } from './channel.js';
import { MaskStream, MatrixMask, SEED_BYTES, randomSeed } from './random.js';
import type { ShareIndex } from './sharing.js';

/**
 * One party's side of a computation on shares: its index, its lines to the peer and the dealer, and the masks that it
 * shares with the dealer.
 *
 * The dealer is a third role, trusted to hand out correlated randomness and to collude with neither party: it sees no
 * shares and no data, but together with one party it could unmask the other's messages. All roles are semi-honest.
 */
export interface PartySession {
  readonly index: ShareIndex;
  readonly peer: Channel;
  readonly dealer: Channel;
  /** One-time masks, drawn by party and dealer in the same order. */
  readonly masks: MaskStream;
  /** Mask of the party's own matrix. */
  readonly matrixMask: MatrixMask;
}

/** The dealer's copy of one party's masks, and the line to that party. */
export interface DealtParty {
  readonly channel: Channel;
  readonly masks: MaskStream;
  readonly matrixMask: MatrixMask;
}

/** Waits for the dealer's seed. Throws RangeError if the message is not a seed. */
export async function joinSession(index: ShareIndex, peer: Channel, dealer: Channel): Promise<PartySession> {
  const seed = await dealer.receive();
  if (seed.byteLength !== SEED_BYTES) throw new RangeError(`expected a seed, received ${seed.byteLength} bytes`);
  return { index, peer, dealer, masks: new MaskStream(seed, 'masks'), matrixMask: new MatrixMask(seed, 'matrix') };
}

/** Sends each party a fresh seed. A seed lasts one run: no mask is ever used twice. */
export async function deal(channels: readonly [Channel, Channel]): Promise<[DealtParty, DealtParty]> {
  const one = async (channel: Channel): Promise<DealtParty> => {
    const seed = randomSeed();
    await channel.send(seed);
    return { channel, masks: new MaskStream(seed, 'masks'), matrixMask: new MatrixMask(seed, 'matrix') };
  };
  return [await one(channels[0]), await one(channels[1])];
}
