/**
 * The parameters of KKRT_PSI_2PC: computational security of 128 bits, and 2^-40 for what may fail by chance. `parameters.spec.ts` calculates each
 * of the bounds below.
 */

/** The distance in bits at which two code words are as good as apart, and the length of a seed. */
export const SECURITY_BITS = 128;
const STATISTICAL_BITS = 40;

/** Tables of bins. A key has one bin in each, so that its bins always differ. */
export const TABLES = 3;
/**
 * Bins for each key of the receiver, and the least. There is no stash: the probability that some keys have fewer bins than they are is under 2^-44, by the
 * union bound over the smallest such sets (Hall's theorem).
 */
const BINS_PER_KEY = 1.35;
const LEAST_BINS = 1536;

/** The most rows of the sender for which the shorter code words are far enough apart. */
const ROWS_OF_SHORT_CODE = 2 ** 24;
const SHORT_CODE_BITS = 448;
const LONG_CODE_BITS = 480;

/** A tag has no less than what its place in an index is taken from. */
const LEAST_TAG_BYTES = 5;

export interface Parameters {
  readonly binsPerTable: number;
  /** The length of a code word, a multiple of 32: all but 2^-40 of all codes keep each key of the sender from each of the receiver by `SECURITY_BITS`. */
  readonly codeBits: number;
  /** Bytes of a pseudo-random value: two of different keys are equal with a probability of 2^-40 in the whole run. */
  readonly tagBytes: number;
}

export function parametersOf(receiverRows: number, senderRows: number): Parameters {
  const bits = STATISTICAL_BITS + Math.log2(receiverRows) + Math.log2(senderRows);
  return {
    binsPerTable: Math.ceil(Math.max(receiverRows * BINS_PER_KEY, LEAST_BINS) / TABLES),
    codeBits: senderRows <= ROWS_OF_SHORT_CODE ? SHORT_CODE_BITS : LONG_CODE_BITS,
    tagBytes: Math.max(Math.ceil(bits / 8), LEAST_TAG_BYTES),
  };
}
