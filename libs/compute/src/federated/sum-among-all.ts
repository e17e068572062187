/**
 * Secure sums of parties at their own sites: each has a connection to each of the others, which both have signed with the keys that their people
 * compared. So nobody adds up for them, and nobody hands a key on: what comes over the connection of a party is that party's.
 *
 * A party adds to its vector one mask for each of the others, which that one subtracts, and sends it to those that receive the sum. These add up what
 * all have sent. Masks are of keys that are made for one sum and thrown away with it, and are never given out: where a party is missing there is no
 * sum, and what the others have sent stays masked for ever.
 */
import { createHash } from 'node:crypto';
import { PeerMessage, violation } from '../contract/peer-message.js';
import { TaskFailure } from '../contract/task-type.js';
import { addInto, fromBytes, lengthOf, toBytes, ELEMENT_BYTES, type RingVector } from '../mpc/ring.js';
import { KeyPair } from './mask-keys.js';
import { applyPairMask, SumParty, type SumContext } from './masked-sum.js';

/** How the vectors of a task are added up. */
export interface SumPlan {
  /** Parties that must be left at the end of each sum. */
  readonly threshold: number;
  /** Who gets the sums. */
  readonly receivers: readonly string[];
  /** By the parties themselves, all of which must be there, instead of by an aggregator. */
  readonly amongAll: boolean;
}

/** Adds a vector of this party to those of the others: the sum, or null where it does not receive it. Vectors are equally long. */
export interface Sums {
  add(vector: RingVector): Promise<RingVector | null>;
}

/** The sums of a task as this party takes part in them. */
export function sumsOf(context: SumContext, { threshold, receivers, amongAll }: SumPlan): Sums {
  if (amongAll) return new SumAmongAll(context, receivers);
  const sums = new SumParty(context, threshold);
  return { add: (vector) => sums.add(vector, receivers.includes(context.party)) };
}

const KEY_LENGTH = 64;
const HASH_LENGTH = 64;

/** Whether a text is the only one for its key: X25519 leaves the last bit out, and base64 has more than one text for the same bytes. */
function isWrittenOnce(text: string): boolean {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === 32 && bytes[31]! < 0x80 && bytes.toString('base64url') === text;
}

/** A party in sums that the parties make themselves. Throws TaskFailure PROTOCOL_VIOLATION on messages that do not fit. */
export class SumAmongAll implements Sums {
  constructor(
    private readonly context: SumContext,
    private readonly receivers: readonly string[],
  ) {
    // The sum of one is what that one has.
    if (context.peers.length === 0)
      throw new TaskFailure(
        'MIN_PARTIES_NOT_MET',
        `Party ${context.party} is alone: a sum is of two parties at least.`,
      );
  }

  async add(vector: RingVector): Promise<RingVector | null> {
    const { peers } = this.context;
    const pair = KeyPair.generate();
    const keys = await this.exchangeKeys(pair.publicKey);
    const masked = vector.slice();
    for (const peer of peers) this.mask(masked, pair, { name: peer, maskKey: keys.get(peer)! });
    const all = await this.exchangeVectors(masked);
    if (all === null) return null;
    await this.requireAlike(all);
    const total = masked.slice();
    for (const bytes of all.values()) addInto(total, fromBytes(bytes, lengthOf(vector)));
    return total;
  }

  private mask(vector: RingVector, pair: KeyPair, peer: { readonly name: string; readonly maskKey: string }): void {
    try {
      applyPairMask(vector, pair, this.context.party, peer);
    } catch {
      throw violation(peer.name, 'what is no key');
    }
  }

  /** Each party has a new key. One that came twice is no other party's: the masks of two would be of one agreement. */
  private async exchangeKeys(own: string): Promise<ReadonlyMap<string, string>> {
    const { context } = this;
    await Promise.all(context.peers.map((peer) => context.send(peer, { mask: own })));
    const owners = new Map([[own, context.party]]);
    const keys = new Map<string, string>();
    for (const peer of context.peers) {
      const mask = new PeerMessage(peer, await context.receiveJson<unknown>(peer)).text('mask', KEY_LENGTH);
      if (!isWrittenOnce(mask)) throw violation(peer, 'what is no key');
      const owner = owners.get(mask);
      if (owner !== undefined) throw violation(peer, `the key of ${owner} as its own`);
      owners.set(mask, peer);
      keys.set(peer, mask);
    }
    return keys;
  }

  /** What the others have sent to this party, if it receives the sum. Sends and receives at once: vectors can be larger than what lines hold. */
  private async exchangeVectors(masked: RingVector): Promise<ReadonlyMap<string, Uint8Array> | null> {
    const { context, receivers } = this;
    const { party, peers } = context;
    const bytes = toBytes(masked);
    const sent = peers.filter((peer) => receivers.includes(peer)).map((peer) => context.send(peer, bytes));
    if (!receivers.includes(party)) {
      await Promise.all(sent);
      return null;
    }
    const received = peers.map(async (peer) => [peer, await context.receiveBytes(peer)] as const);
    const [all] = await Promise.all([Promise.all(received), ...sent]);
    for (const [peer, { byteLength }] of all) {
      const length = lengthOf(masked);
      if (byteLength !== length * ELEMENT_BYTES) throw violation(peer, `a vector that has not ${length} numbers`);
    }
    return new Map(all);
  }

  /**
   * All that receive the sum have the same one. Else a party could give each of the others another model to train on, and choose one on which
   * a party's part is known: what is left in the next sum is the part of another.
   */
  private async requireAlike(all: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const { context, receivers } = this;
    const { party } = context;
    const others = context.peers.filter((peer) => receivers.includes(peer));
    const hashes = new Map([...all].map(([of, bytes]) => [of, createHash('sha256').update(bytes).digest('hex')]));
    await Promise.all(others.map((peer) => context.send(peer, Object.fromEntries(hashes))));
    for (const peer of others) {
      const message = new PeerMessage(peer, await context.receiveJson<unknown>(peer));
      for (const [of, hash] of hashes) {
        // Its own it did not receive, and this party's own it says to others.
        if (of === peer || message.text(of, HASH_LENGTH) === hash) continue;
        throw new TaskFailure(
          'PROTOCOL_VIOLATION',
          `Secure sum, party ${party}: ${of} sent ${peer} and ${party} different vectors, or ${peer} says so.`,
          false,
          { parties: [of, peer].sort() },
        );
      }
    }
  }
}
