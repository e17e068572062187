import { JointDealer, JointParty, type Joint } from './joint.js';
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
