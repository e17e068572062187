import { openSum } from './opening.js';
import { add, lengthOf, slice, subtract, zeros, type RingVector } from './ring.js';
import { Z128 } from './rings.js';
import type { DealtParty, GroupSession } from './session.js';

/**
 * A shared vector as a public one and masks that the dealer knows: it is `open` and the sum of all parties' `own` (A. Ben-Efraim,
 * M. Nielsen, E. Omri, "Turbospeedz: Double Your Online SPDZ! Improving SPDZ Using Function Dependent Preprocessing", ACNS 2019). A product with
 * such a vector opens nothing more: see `split-matrix.ts`.
 */
export interface Masked {
  /** The vector less the masks: uniform to each party. */
  readonly open: RingVector;
  /** Own share of the masks. */
  readonly own: RingVector;
  /** What the dealer does not know of the masks; null if it knows them. */
  readonly turned: Turned | null;
}

/** Elements whose masks have lost 2^(128-bits) times a bit that the dealer has shared. */
export interface Turned {
  readonly bits: number;
  /** For each element 1 if it has, else 0. */
  readonly at: Uint8Array;
}

/** The dealer's knowledge of a {@link Masked}. */
export interface DealtMasked {
  /** Of each party, the share of the masks before any is turned. */
  readonly shares: readonly RingVector[];
  readonly turned: DealtTurned | null;
}

/** Of each party, the share of the bits. */
export interface DealtTurned {
  readonly bits: number;
  readonly shares: readonly RingVector[];
}

/** Numbers that all know. */
export const known = (open: RingVector): Masked => ({ open, own: zeros(lengthOf(open)), turned: null });

/** The dealer's part of {@link known}. */
export const dealtKnown = (parties: readonly DealtParty[], count: number): DealtMasked => ({
  shares: parties.map(() => zeros(count)),
  turned: null,
});

/** Own share of the vector. */
export const plain = ({ index }: GroupSession, { open, own }: Masked): RingVector =>
  index === 0 ? add(own, open) : own;

/** The sum of a vector with fresh masks, and of the first elements of another one. */
export function sumOfMasked(fresh: Masked, other: Masked): Masked {
  const count = lengthOf(fresh.open);
  return {
    open: add(slice(other.open, 0, count), fresh.open),
    own: add(slice(other.own, 0, count), fresh.own),
    turned: other.turned && { ...other.turned, at: other.turned.at.subarray(0, count) },
  };
}

/** The dealer's part of {@link sumOfMasked}. */
export function dealtSum(fresh: DealtMasked, other: DealtMasked): DealtMasked {
  const sums = fresh.shares.map((share, party) => add(other.shares[party]!.subarray(0, share.length), share));
  return { shares: sums, turned: other.turned };
}

/** What is sent so that a vector is masked, for {@link openTogether}, and what it makes of the sum over the parties. */
export interface Masking {
  readonly sent: RingVector;
  readonly opened: (sum: RingVector) => Masked;
}

/** Masks a shared vector with fresh masks. */
export function masking({ masks }: GroupSession, vector: RingVector): Masking {
  const own = masks.next(lengthOf(vector));
  return { sent: subtract(vector, own), opened: (open) => ({ open, own, turned: null }) };
}

/** The dealer's part of {@link masking}. */
export const dealMasking = (parties: readonly DealtParty[], count: number): DealtMasked => ({
  shares: parties.map(({ masks }) => masks.next(count)),
  turned: null,
});

/** Opens what was masked, all in one round. */
export async function openTogether(session: GroupSession, maskings: readonly Masking[]): Promise<Masked[]> {
  const sent = new Uint32Array(maskings.reduce((sum, masked) => sum + masked.sent.length, 0));
  let to = 0;
  for (const masked of maskings) {
    sent.set(masked.sent, to);
    to += masked.sent.length;
  }
  const sum = await openSum(session, Z128, sent);
  let from = 0;
  return maskings.map((masked) => masked.opened(sum.slice(from, (from += masked.sent.length))));
}
