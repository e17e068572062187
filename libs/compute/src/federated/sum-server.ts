import { addInto, fromBytes, lengthOf, subtractInto, toBytes, ELEMENT_BYTES, type RingVector } from '../mpc/ring.js';
import type { PartyContext } from '../party/party-program.js';
import { TaskFailure, type JsonSafe } from '../contract/task-type.js';
import { KeyPair, committedSeed } from './mask-keys.js';
import { applyPairMask, restoreSecret, selfMask } from './masked-sum.js';
import {
  publicKeysFrom,
  sealedFrom,
  sharesFrom,
  signatureOf,
  type PublicKeys,
  type UnmaskShares,
  type Unmasking,
} from './sum-messages.js';

/** The part of its context that the aggregator of secure sums uses. */
export type ServerContext = Pick<PartyContext, 'send' | 'receiveJson' | 'receiveBytes'>;

/**
 * The aggregator's side of secure sums (`masked-sum.ts`): it relays public keys and sealed shares, adds masked vectors, and
 * learns the sums alone. A party that is lost is left out from then on. Throws PARTY_LOST if that is before its first keys,
 * and MIN_PARTIES_NOT_MET under `threshold` parties.
 */
export class SumServer {
  private readonly alive: Set<string>;
  private isFirst = true;

  constructor(
    private readonly context: ServerContext,
    private readonly parties: readonly string[],
    private readonly threshold: number,
  ) {
    this.alive = new Set(parties);
  }

  /** The parties that are still there, sorted. */
  get members(): string[] {
    return this.parties.filter((party) => this.alive.has(party)).sort();
  }

  /** The parties that were lost. */
  get lost(): string[] {
    return this.parties.filter((party) => !this.alive.has(party)).sort();
  }

  /** The next JSON message of every party that is still there, as `read` checks it. */
  async gather<T>(read: (party: string, value: unknown) => T): Promise<Map<string, T>> {
    return this.gatherBy(async (party) => read(party, await this.context.receiveJson<unknown>(party)));
  }

  /** Makes one sum, sends it to the `receivers`, and returns which parties are in it. */
  async sum(receivers: readonly string[]): Promise<string[]> {
    const keys = await this.gather(publicKeysFrom);
    if (this.isFirst && this.lost.length > 0) throw this.tooFew('PARTY_LOST', 'the first sum is of all parties');
    this.isFirst = false;
    await this.tellAll(() => Object.fromEntries(keys));

    const sealed = await this.gather((party, value) =>
      sealedFrom(
        party,
        value,
        [...keys.keys()].filter((each) => each !== party),
      ),
    );
    // Only parties whose shares lie with all others take part from here on: a later loss of one of them can be mended.
    const sharing = [...sealed.keys()];
    await this.tellAll((party) =>
      Object.fromEntries(sharing.flatMap((from) => (from === party ? [] : [[from, sealed.get(from)![party]!]]))),
    );

    const vectors = await this.gatherBy((party) => this.context.receiveBytes(party));
    const summed = [...vectors.keys()].sort();
    const total = addUp(vectors);
    await this.tellAll(() => ({ summed }));

    const signatures = await this.gather(signatureOf);
    await this.tellAll(() => Object.fromEntries(signatures));

    const unmasking: Unmasking = { summed, lost: sharing.filter((party) => !vectors.has(party)).sort() };
    const answers = await this.gather((party, value) => sharesFrom(party, value, unmasking));
    await this.unmask(total, unmasking, keys, [...answers.values()]);
    const bytes = toBytes(total);
    for (const party of this.members) if (receivers.includes(party)) await this.context.send(party, bytes);
    return summed;
  }

  /** Removes from the sum what no other party's mask has cancelled. */
  private async unmask(
    total: RingVector,
    { summed, lost }: Unmasking,
    keys: ReadonlyMap<string, PublicKeys>,
    answers: readonly UnmaskShares[],
  ): Promise<void> {
    const restored = async <T>(
      kind: keyof UnmaskShares,
      owner: string,
      open: (secret: Uint8Array) => T,
    ): Promise<T> => {
      const shares = answers.slice(0, this.threshold).map((answer) => answer[kind][owner]!);
      try {
        return open(await restoreSecret(shares));
      } catch {
        const message = `Secure sum: the shares of a secret of ${owner} do not give the one that ${owner} advertised.`;
        throw new TaskFailure('PROTOCOL_VIOLATION', message, false, { party: owner });
      }
    };
    for (const party of summed) {
      const seed = await restored('seeds', party, (secret) => committedSeed(secret, keys.get(party)!.seed));
      subtractInto(total, selfMask(seed, lengthOf(total)));
    }
    for (const party of lost) {
      const pair = await restored('keys', party, (secret) => KeyPair.restore(secret, keys.get(party)!.mask));
      // Each of the others has masked towards the lost party; its own masks towards them are what cancels that.
      for (const name of summed) applyPairMask(total, pair, party, { name, maskKey: keys.get(name)!.mask });
    }
  }

  private async gatherBy<T>(receive: (party: string) => Promise<T>): Promise<Map<string, T>> {
    const gathered = new Map<string, T>();
    for (const party of this.members) {
      try {
        gathered.set(party, await receive(party));
      } catch (error) {
        if (!(error instanceof TaskFailure) || error.code !== 'PARTY_LOST') throw error;
        this.alive.delete(party);
      }
    }
    if (this.alive.size >= this.threshold) return gathered;
    const why = `only ${this.threshold} can take the masks of the others out of the sum; of three parties none may be lost`;
    throw this.tooFew('MIN_PARTIES_NOT_MET', why);
  }

  private tooFew(code: string, why: string): TaskFailure {
    const message = `${this.alive.size} of ${this.parties.length} parties are left (lost: ${this.lost.join(', ')}), and ${why}. Run the task again.`;
    return new TaskFailure(code, message, true, { lost: this.lost, needed: this.threshold });
  }

  private async tellAll<T extends JsonSafe<T>>(message: (party: string) => T): Promise<void> {
    for (const party of this.members) await this.context.send(party, message(party));
  }
}

function addUp(vectors: ReadonlyMap<string, Uint8Array>): RingVector {
  let total: RingVector | undefined;
  for (const [party, bytes] of vectors) {
    if (total && bytes.byteLength !== total.byteLength) {
      throw new TaskFailure('PROTOCOL_VIOLATION', `Party ${party} sent a vector of another length than the others.`);
    }
    const vector = fromBytes(bytes, bytes.byteLength / ELEMENT_BYTES);
    total = total ? addInto(total, vector) : vector.slice();
  }
  return total!;
}
