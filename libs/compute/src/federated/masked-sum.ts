/**
 * The party's side of secure sums: Bonawitz et al., "Practical Secure Aggregation for Privacy-Preserving Machine Learning"
 * (CCS 2017), figure 4 with the parts for active adversaries: double masking, and the round ConsistencyCheck.
 *
 * A party adds to its vector one mask for each peer, which the peer subtracts, and a private mask. The seed of the private
 * mask and the key of its pairwise masks are shared out (Shamir), so that `threshold` parties can remove what a lost one
 * left behind. No party ever reveals both kinds of share for one party: both would reveal its vector. Before it reveals
 * any, `threshold` parties must have signed that they received the same members, keys and survivors as itself.
 */
import { combine, split } from 'shamir-secret-sharing';
import { canonicalJson } from '#libs/consent';
import { addInto, fromBytes, lengthOf, subtractInto, toBytes, type RingVector } from '../mpc/ring.js';
import { MaskStream, SEED_BYTES, randomSeed } from '../mpc/random.js';
import { NEUTRAL, type PartyContext } from '../party/party-program.js';
import { TaskFailure } from '../contract/task-type.js';
import { KeyPair, SigningKey, commitmentTo, isSigned, seal, unseal } from './mask-keys.js';
import { allKeysFrom, relayedFrom, summedFrom, type PublicKeys, type Unmasking } from './sum-messages.js';

interface HeldShares {
  readonly key: Uint8Array;
  readonly seed: Uint8Array;
}

/** A party's own secrets of one sum. */
interface Secrets {
  readonly mask: KeyPair;
  readonly seal: KeyPair;
  readonly sign: SigningKey;
  readonly seed: Uint8Array;
}

/** By party. */
type AllKeys = Readonly<Record<string, PublicKeys>>;

/** The part of a party's context that a secure sum uses. */
export type SumContext = Pick<PartyContext, 'party' | 'peers' | 'send' | 'receiveJson' | 'receiveBytes'>;

/** A party in the secure sums of a task. Throws TaskFailure PROTOCOL_VIOLATION on messages that do not fit. */
export class SumParty {
  /** Of the next sum: in the first exactly the task's parties, later those that the last one added and that are still there. */
  private members: readonly string[];
  private isFirst = true;

  constructor(
    private readonly context: SumContext,
    private readonly threshold: number,
  ) {
    this.members = [context.party, ...context.peers].sort();
  }

  /** Adds `vector` to the sum, and returns the sum, or null if this party does not receive it. Vectors are equally long. */
  async add(vector: RingVector, receives = true): Promise<RingVector | null> {
    const { context } = this;
    const secrets = { mask: KeyPair.generate(), seal: KeyPair.generate(), sign: new SigningKey(), seed: randomSeed() };
    const keys = await this.exchangeKeys(secrets);
    const held = await this.exchangeShares(secrets, keys);

    const masked = addInto(vector.slice(), selfMask(secrets.seed, lengthOf(vector)));
    for (const peer of held.keys()) {
      if (peer !== context.party) {
        applyPairMask(masked, secrets.mask, context.party, { name: peer, maskKey: keys[peer]!.mask });
      }
    }
    await context.send(NEUTRAL, toBytes(masked));

    const unmasking = this.unmaskingOf(summedFrom(await context.receiveJson<unknown>(NEUTRAL)), [...held.keys()]);
    await this.requireConsistent(canonicalJson({ keys, ...unmasking }), unmasking.summed, { secrets, keys });
    await context.send(NEUTRAL, {
      seeds: Object.fromEntries(unmasking.summed.map((name) => [name, encoded(held.get(name)!.seed)])),
      keys: Object.fromEntries(unmasking.lost.map((name) => [name, encoded(held.get(name)!.key)])),
    });
    this.members = unmasking.summed;
    this.isFirst = false;
    return receives ? fromBytes(await context.receiveBytes(NEUTRAL), lengthOf(vector)) : null;
  }

  /** Round AdvertiseKeys. */
  private async exchangeKeys({ mask, seal: sealKeys, sign, seed }: Secrets): Promise<AllKeys> {
    const { context } = this;
    const own = {
      mask: mask.publicKey,
      seal: sealKeys.publicKey,
      sign: sign.publicKey,
      seed: commitmentTo(seed),
    };
    await context.send(NEUTRAL, own);
    const keys = allKeysFrom(await context.receiveJson<unknown>(NEUTRAL));
    const strange = Object.keys(keys).find((name) => !this.members.includes(name));
    if (strange !== undefined) throw this.violation(`${strange}, who is not in the sum, was named as a member`);
    const absent = this.members.filter((name) => !Object.hasOwn(keys, name));
    if (this.isFirst && absent.length > 0) throw this.violation(`${absent.join(', ')} was left out of the members`);
    if (canonicalJson(keys[context.party] ?? null) !== canonicalJson(own))
      throw this.violation('its own keys came back changed');
    return keys;
  }

  /** Round ShareKeys: gives each peer its shares of this party's seed and key, and returns the shares that this party holds. */
  private async exchangeShares(secrets: Secrets, keys: AllKeys): Promise<ReadonlyMap<string, HeldShares>> {
    const { context } = this;
    const { party } = context;
    const members = Object.keys(keys).sort();
    if (members.length < this.threshold) throw this.violation(`${members.length} members, under ${this.threshold}`);
    const keyShares = await split(secrets.mask.secret(), members.length, this.threshold);
    const seedShares = await split(secrets.seed, members.length, this.threshold);
    const sealed: Record<string, string> = {};
    for (const [at, peer] of members.entries()) {
      if (peer === party) continue;
      const both = Buffer.concat([keyShares[at]!, seedShares[at]!]);
      sealed[peer] = encoded(seal(secrets.seal.agree(keys[peer]!.seal, `${party}>${peer}`), both));
    }
    await context.send(NEUTRAL, sealed);
    const own = members.indexOf(party);
    const held = new Map<string, HeldShares>([[party, { key: keyShares[own]!, seed: seedShares[own]! }]]);
    for (const [peer, text] of Object.entries(relayedFrom(await context.receiveJson<unknown>(NEUTRAL)))) {
      if (held.has(peer) || !members.includes(peer))
        throw this.violation(`shares came from ${peer}, who has none to give`);
      const both = this.opened(secrets.seal.agree(keys[peer]!.seal, `${peer}>${party}`), text, peer);
      held.set(peer, { key: both.subarray(0, both.length / 2), seed: both.subarray(both.length / 2) });
    }
    return held;
  }

  private opened(key: Uint8Array, text: string, peer: string): Uint8Array {
    try {
      return unseal(key, Buffer.from(text, 'base64'));
    } catch {
      throw this.violation(`the shares of ${peer} do not open`);
    }
  }

  /** Whose seeds and whose keys are revealed where the vectors of `summed` are in the sum: never both of one party. */
  private unmaskingOf(summed: readonly string[], sharing: readonly string[]): Unmasking {
    const strange = summed.find((name) => !sharing.includes(name));
    if (strange !== undefined) throw this.violation(`shares of ${strange}, who is not in the sum, were requested`);
    const distinct = [...new Set(summed)].sort();
    if (distinct.length < this.threshold) {
      throw this.violation(`${distinct.length} parties are summed, under ${this.threshold}`);
    }
    if (!distinct.includes(this.context.party)) throw this.violation('its own vector was left out of the sum');
    return { summed: distinct, lost: sharing.filter((name) => !distinct.includes(name)).sort() };
  }

  /** Round ConsistencyCheck: `threshold` of those in the sum have signed what this party would sign. */
  private async requireConsistent(
    received: string,
    summed: readonly string[],
    { secrets, keys }: { readonly secrets: Secrets; readonly keys: AllKeys },
  ): Promise<void> {
    const { context } = this;
    await context.send(NEUTRAL, { signature: secrets.sign.sign(received) });
    const signatures = relayedFrom(await context.receiveJson<unknown>(NEUTRAL));
    for (const [name, signature] of Object.entries(signatures)) {
      if (!summed.includes(name) || !isSigned(received, signature, keys[name]!.sign)) {
        throw this.violation(`${name} received other members, keys or survivors, or did not sign them`);
      }
    }
    const signed = Object.keys(signatures).length;
    if (signed < this.threshold)
      throw this.violation(`${signed} parties signed what they received, under ${this.threshold}`);
  }

  private violation(why: string): TaskFailure {
    const { party } = this.context;
    return new TaskFailure('PROTOCOL_VIOLATION', `Secure sum, party ${party}: ${why}.`, false, { party });
  }
}

/** The mask that a party alone adds. */
export function selfMask(seed: Uint8Array, length: number): RingVector {
  return new MaskStream(seed, 'own mask').next(length);
}

/** Adds the mask between two parties to `target`, as the owner of `keys` does; the peer's has the other sign. */
export function applyPairMask(
  target: RingVector,
  keys: KeyPair,
  owner: string,
  peer: { readonly name: string; readonly maskKey: string },
): void {
  // By its name: a party that gives out another one's key as its own would get the mask of that one once more.
  const use = `pair mask ${JSON.stringify([owner, peer.name].sort())}`;
  const mask = new MaskStream(keys.agree(peer.maskKey, use), 'pair mask').next(lengthOf(target));
  if (owner < peer.name) addInto(target, mask);
  else subtractInto(target, mask);
}

/** Puts a seed or a key together again. Error where the shares do not fit each other. */
export async function restoreSecret(shares: readonly string[]): Promise<Uint8Array> {
  const secret = await combine(shares.map((share) => new Uint8Array(Buffer.from(share, 'base64'))));
  if (secret.byteLength !== SEED_BYTES) throw new Error('the shares give no secret');
  return secret;
}

function encoded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
