import { addInto, fromBytes, lengthOf, subtractInto, toBytes, ELEMENT_BYTES, type RingVector } from '../mpc/ring.js';
import type { PartyContext } from '../party/party-program.js';
import { TaskFailure, type JsonSafe } from '../contract/task-type.js';
import { KeyPair } from './mask-keys.js';
import { applyPairMask, restoreSecret, selfMask } from './masked-sum.js';
import {
  publicKeysFrom,
  sealedFrom,
  sharesFrom,
  type PublicKeys,
  type UnmaskRequest,
  type UnmaskShares,
} from './sum-messages.js';

/** The part of its context that the aggregator of secure sums uses. */
export type ServerContext = Pick<PartyContext, 'send' | 'receiveJson' | 'receiveBytes'>;

/**
 * The aggregator's side of secure sums (`masked-sum.ts`): it relays public keys and sealed shares, adds masked vectors, and
 * learns the sums alone. A party that is lost is left out from then on; under `threshold` parties it throws PARTY_LOST.
 */
export class SumServer {
  private readonly alive: Set<string>;

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
    const request: UnmaskRequest = { summed, lost: sharing.filter((party) => !vectors.has(party)).sort() };
    await this.tellAll(() => request);

    const answers = await this.gather((party, value) => sharesFrom(party, value, request));
    await this.unmask(total, request, keys, [...answers.values()]);
    const bytes = toBytes(total);
    for (const party of this.members) if (receivers.includes(party)) await this.context.send(party, bytes);
    return summed;
  }

  /** Removes from the sum what no other party's mask has cancelled. */
  private async unmask(
    total: RingVector,
    { summed, lost }: UnmaskRequest,
    keys: ReadonlyMap<string, PublicKeys>,
    answers: readonly UnmaskShares[],
  ): Promise<void> {
    const restored = async (kind: keyof UnmaskShares, owner: string): Promise<Uint8Array> => {
      const shares = answers.slice(0, this.threshold).map((answer) => answer[kind][owner]!);
      return restoreSecret(shares);
    };
    for (const party of summed) subtractInto(total, selfMask(await restored('seeds', party), lengthOf(total)));
    for (const party of lost) {
      const pair = KeyPair.restore(await restored('keys', party), keys.get(party)!.mask);
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
    throw new TaskFailure(
      'PARTY_LOST',
      `Only ${this.alive.size} of ${this.parties.length} parties are left, and the masks of the others can be removed ` +
        `only by ${this.threshold}; lost: ${this.lost.join(', ')}.`,
      true,
      { lost: this.lost, needed: this.threshold },
    );
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
