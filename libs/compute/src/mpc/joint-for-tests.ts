import { JointDealer, JointParty, type Joint } from './joint.js';
import type { Ring, Vector } from './rings.js';
import { type DealtParty } from './session.js';
import { together } from './together-for-tests.js';

/** Runs a computation at both parties and the dealer; what the parties come to. `seen` receives a copy of every message between them. */
export async function jointly<T>(
  compute: (joint: Joint) => Promise<T>,
  seen: (from: 0 | 1, bytes: Uint8Array) => void = () => {},
): Promise<[T, T]> {
  const waiting: Uint8Array[] = [];
  const takers: ((opened: Uint8Array) => void)[] = [];
  const report = async (opened: Uint8Array): Promise<void> => {
    const taker = takers.shift();
    if (taker) taker(opened);
    else waiting.push(opened);
  };
  const take = (): Promise<Uint8Array> => {
    const opened = waiting.shift();
    return opened ? Promise.resolve(opened) : new Promise((resolve) => takers.push(resolve));
  };
  return together(
    (session) => compute(new JointParty(session, report)),
    async (parties: readonly [DealtParty, DealtParty]) => {
      const dealer = new JointDealer(parties, take);
      await compute(dealer);
      await dealer.flush();
    },
    seen,
  );
}

/** The elements of a vector as whole numbers with a sign. */
export const wholesOf = (ring: Ring, vector: Vector): bigint[] =>
  Array.from({ length: vector.length / ring.words }, (_, at) =>
    BigInt.asIntN(
      32 * ring.words,
      vector
        .subarray(at * ring.words, (at + 1) * ring.words)
        .reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n),
    ),
  );

/** The other way round, modulo the size of the ring. */
export const vectorOf = (ring: Ring, wholes: readonly bigint[]): Vector =>
  Uint32Array.from(
    wholes.flatMap((whole) =>
      Array.from({ length: ring.words }, (_, word) =>
        Number((BigInt.asUintN(128, whole) >> BigInt(32 * word)) & 0xffff_ffffn),
      ),
    ),
  );
