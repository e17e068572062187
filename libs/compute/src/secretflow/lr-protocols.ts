import { isMap } from '../contract/json-values.js';

/** A protocol of `ss_lr` on SPU, and its numbers: fixed point in a ring of so many bits. */
export interface LrProtocol {
  readonly parties: number;
  readonly ringBits: 64 | 128;
  /** Its name in SPU. */
  readonly field: 'FM64' | 'FM128';
  readonly fractionBits: number;
  /** Bits of the ring that products leave free: below them a truncation fails, or does so more often than once in 2^39 numbers. */
  readonly margin: number;
  /** Smaller steps would be lost in the rounding. */
  readonly leastRate: number;
  readonly leaves: string;
}

const SHARES =
  'The row counts, and the largest absolute value of the features of each party and of the label, rounded up to a power of two. All parties learn the ' +
  'mean squared residual to three digits, once for every 64 training rows at most (a fifth of a bit for each row), and after which epoch training ran away, ' +
  'if it did. No weight is opened. The prediction receiver learns probabilities to 1/1024, or numbers in 4096 steps: up to 12 bits of each predicted row. A ' +
  "receiver that chooses columns, labels or rows learns what these say of the others' row: of an only column of theirs nearly all. Losses are counted against " +
  'half a bit for each row of the label and of features of at most 16 values, over all tasks, and predictions are noted.';
const TRUST = 'Semi-honest model, and all parties trust the build of SPU that the operator has installed.';

/** The protocols of `ss_lr` on SPU. */
export const LR_PROTOCOLS: Readonly<Record<string, LrProtocol>> = {
  CHEETAH: {
    ...{ parties: 2, ringBits: 64, field: 'FM64', fractionBits: 18, margin: 4, leastRate: 1e-2 },
    leaves: `Shares that are as good as random, ciphertexts and oblivious transfers of two parties: nobody deals. ${SHARES} ${TRUST}`,
  },
  ABY3: {
    ...{ parties: 3, ringBits: 128, field: 'FM128', fractionBits: 30, margin: 4, leastRate: 1e-4 },
    leaves: `Replicated shares of three parties, each as good as random: nobody deals, and two parties that put what they have together know everything. ${SHARES} ${TRUST}`,
  },
  SEMI2K: {
    ...{ parties: 2, ringBits: 128, field: 'FM128', fractionBits: 30, margin: 40, leastRate: 1e-4 },
    leaves: `Uniformly masked shares of two parties. The first party by name makes the triples of both, and so knows every mask: it could compute all features and labels of the other, every weight and every prediction from what it receives, and the other trusts it not to. Take CHEETAH where it does not. ${SHARES} ${TRUST}`,
  },
};

/**
 * The protocol that `ss_lr` takes on SPU; undefined for none of SPU's. By default one that needs no trust in a single party, by the parties that bring columns or
 * the label: an owner sees these as it signs, where the files of `train_data` may come from a result.
 */
export function lrProtocolOf(config: unknown): string | undefined {
  const { protocol, features, label_party: ofLabel, train_data: tables } = isMap(config) ? config : {};
  if (protocol !== undefined)
    return typeof protocol === 'string' && Object.hasOwn(LR_PROTOCOLS, protocol) ? protocol : undefined;
  const named = isMap(features) ? Object.keys(features) : isMap(tables) ? Object.keys(tables) : [];
  const isName = typeof ofLabel === 'string' && !ofLabel.includes('${');
  return new Set([...named, ...(isName ? [ofLabel] : [])]).size > 2 ? 'ABY3' : 'CHEETAH';
}
