/**
 * The party's side of one secure sum: Bonawitz et al., "Practical Secure Aggregation for Privacy-Preserving Machine
 * Learning" (CCS 2017), protocol 4 for semi-honest parties, with its double masking.
 *
 * A party adds to its vector one mask for each peer, which the peer subtracts, and a private mask. The seed of the private
 * mask and the key of its pairwise masks are shared out (Shamir), so that `threshold` parties can remove what a lost one
 * left behind. No party ever reveals both kinds of share for one party: both would reveal its vector.
 */
import { combine, split } from 'shamir-secret-sharing';
import { addInto, fromBytes, lengthOf, subtractInto, toBytes, type RingVector } from '../mpc/ring.js';
import { MaskStream, SEED_BYTES, randomSeed } from '../mpc/random.js';
import { NEUTRAL, type PartyContext } from '../party/party-program.js';
import { TaskFailure } from '../contract/task-type.js';
import { KeyPair, seal, unseal } from './mask-keys.js';
import { allKeysFrom, relayedFrom, requestFrom, type UnmaskRequest, type UnmaskShares } from './sum-messages.js';

interface HeldShares {
  readonly key: Uint8Array;
  readonly seed: Uint8Array;
}

/** The part of a party's context that a secure sum uses. */
export type SumContext = Pick<PartyContext, 'party' | 'send' | 'receiveJson' | 'receiveBytes'>;

/**
 * Adds `vector` to the aggregator's sum, and returns the sum of all parties, or null if this party is not one of
 * its receivers. The vectors of all parties are equally long. Throws TaskFailure PROTOCOL_VIOLATION on messages that do not fit.
 */
export async function maskedSum(
  context: SumContext,
  vector: RingVector,
  plan: { readonly threshold: number; readonly receives: boolean },
): Promise<RingVector | null> {
  const { party } = context;
  const maskKeys = KeyPair.generate();
  const sealKeys = KeyPair.generate();
  await context.send(NEUTRAL, { mask: maskKeys.publicKey, seal: sealKeys.publicKey });
  const keys = allKeysFrom(await context.receiveJson<unknown>(NEUTRAL));
  if (keys[party]?.mask !== maskKeys.publicKey || keys[party].seal !== sealKeys.publicKey) {
    throw violation(party, 'its own keys came back changed');
  }
  const members = Object.keys(keys).sort();
  const peers = members.filter((member) => member !== party);

  const seed = randomSeed();
  const keyShares = await split(maskKeys.secret(), members.length, plan.threshold);
  const seedShares = await split(seed, members.length, plan.threshold);
  const own = members.indexOf(party);
  const sealed: Record<string, string> = {};
  for (const peer of peers) {
    const at = members.indexOf(peer);
    const both = Buffer.concat([keyShares[at]!, seedShares[at]!]);
    sealed[peer] = encoded(seal(sealKeys.agree(keys[peer]!.seal, `${party}>${peer}`), both));
  }
  await context.send(NEUTRAL, sealed);
  const received = relayedFrom(await context.receiveJson<unknown>(NEUTRAL));
  const held = new Map<string, HeldShares>([[party, { key: keyShares[own]!, seed: seedShares[own]! }]]);
  for (const [peer, text] of Object.entries(received)) {
    if (!peers.includes(peer)) throw violation(party, `shares came from ${peer}, who is not in the sum`);
    const both = unseal(sealKeys.agree(keys[peer]!.seal, `${peer}>${party}`), Buffer.from(text, 'base64'));
    held.set(peer, { key: both.subarray(0, both.length / 2), seed: both.subarray(both.length / 2) });
  }

  const masked = addInto(vector.slice(), selfMask(seed, lengthOf(vector)));
  for (const peer of held.keys()) {
    if (peer !== party) applyPairMask(masked, maskKeys, party, { name: peer, maskKey: keys[peer]!.mask });
  }
  await context.send(NEUTRAL, toBytes(masked));

  const request = requestFrom(await context.receiveJson<unknown>(NEUTRAL));
  await context.send(NEUTRAL, sharesFor(party, request, held, plan.threshold));
  return plan.receives ? fromBytes(await context.receiveBytes(NEUTRAL), lengthOf(vector)) : null;
}

function sharesFor(
  party: string,
  { summed, lost }: UnmaskRequest,
  held: ReadonlyMap<string, HeldShares>,
  threshold: number,
): UnmaskShares {
  if (summed.length < threshold) throw violation(party, `${summed.length} parties are summed, under ${threshold}`);
  if (!summed.includes(party)) throw violation(party, 'its own vector was left out of the sum');
  if (summed.some((name) => lost.includes(name))) throw violation(party, 'both shares of one party were requested');
  const of = (name: string): HeldShares => {
    const shares = held.get(name);
    if (!shares) throw violation(party, `shares of ${name}, who is not in the sum, were requested`);
    return shares;
  };
  return {
    seeds: Object.fromEntries(summed.map((name) => [name, encoded(of(name).seed)])),
    keys: Object.fromEntries(lost.map((name) => [name, encoded(of(name).key)])),
  };
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
  const mask = new MaskStream(keys.agree(peer.maskKey, 'pair mask'), 'pair mask').next(lengthOf(target));
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

function violation(party: string, why: string): TaskFailure {
  return new TaskFailure('PROTOCOL_VIOLATION', `Secure sum, party ${party}: ${why}.`, false, { party });
}
