import { violation } from '../contract/peer-message.js';
import type { Channel } from './channel.js';
import { MaskStream, MatrixMask, SEED_BYTES, randomSeed } from './random.js';
import type { ShareIndex } from './sharing.js';

/**
 * One party's side of a computation on shares of two or more parties: its index, its lines to the others and the dealer, and the
 * masks that it shares with the dealer.
 *
 * The dealer is one more role, trusted to hand out correlated randomness and to collude with no party: it sees no
 * shares and no data, but together with one party it could unmask the others' messages. All roles are semi-honest.
 */
export interface GroupSession {
  readonly index: number;
  /** Lines to the other parties, by index. */
  readonly peers: readonly Channel[];
  readonly dealer: Channel;
  /** One-time masks, drawn by party and dealer in the same order. */
  readonly masks: MaskStream;
  /** Mask of the party's own matrix. */
  readonly matrixMask: MatrixMask;
}

/** One of two parties' side. */
export interface PartySession extends GroupSession {
  readonly index: ShareIndex;
  readonly peer: Channel;
}

/** The dealer's copy of one party's masks, and the line to that party. */
export interface DealtParty {
  readonly channel: Channel;
  readonly masks: MaskStream;
  readonly matrixMask: MatrixMask;
}

/** Makes a fresh seed, and hands it to the dealer alone. A seed lasts one run: no mask is ever used twice. */
export async function joinGroup(index: number, peers: readonly Channel[], dealer: Channel): Promise<GroupSession> {
  const seed = randomSeed();
  await dealer.send(seed);
  return { index, peers, dealer, masks: new MaskStream(seed, 'masks'), matrixMask: new MatrixMask(seed, 'matrix') };
}

/** As {@link joinGroup}, for one of two parties. */
export async function joinSession(index: ShareIndex, peer: Channel, dealer: Channel): Promise<PartySession> {
  return { ...(await joinGroup(index, [peer], dealer)), index, peer };
}

/**
 * Takes the seed of each party: a dealer has no say over what the masks of a party are. Throws PROTOCOL_VIOLATION with the name of one that sends
 * none.
 */
export async function dealGroup(channels: readonly Channel[]): Promise<DealtParty[]> {
  const seeds = await Promise.all(channels.map((channel) => channel.receive()));
  return channels.map((channel, at) => {
    const seed = seeds[at]!;
    if (seed.byteLength !== SEED_BYTES) throw violation(channel.to ?? 'unknown', 'no seed');
    return { channel, masks: new MaskStream(seed, 'masks'), matrixMask: new MatrixMask(seed, 'matrix') };
  });
}

/** As {@link dealGroup}, for two parties. */
export async function deal(channels: readonly [Channel, Channel]): Promise<[DealtParty, DealtParty]> {
  const [first, second] = await dealGroup(channels);
  return [first!, second!];
}
