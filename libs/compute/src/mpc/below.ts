import { bitOf, joined, nextBytes, sized, xor } from './bit-strings.js';
import { exchange } from './channel.js';
import type { PieceReceiver, PieceSender } from './pieces.js';
import type { DealtParty, PartySession } from './session.js';
import { planeBytes } from './shared-bits.js';

/** Bits of a digit. */
const DIGIT_BITS = 4;
const VALUES = 2 ** DIGIT_BITS;
/** Runs of digits that are joined at once. */
const FAN_IN = 4;
/** Digits of 96 bits. */
const MOST_RUNS = 24;

/** Of a run of digits of each element: whether the number that both know is below the dealer's there, or equal to it. */
interface Run {
  readonly less: Uint8Array;
  readonly equal: Uint8Array;
}

/**
 * Own shares of the bits of the elements whose `open` number, which both know, is below that of the dealer. Both have at
 * most `bits` bits, 96 or less. A round for each time that the number of digits can be quartered.
 *
 * Digits of four bits are compared without a word, by tables of the dealer (Y. Ishai, E. Kushilevitz, S. Meldgaard, C. Orlandi,
 * A. Paskin-Cherniavsky, "On the Power of Correlated Randomness in Secure Computation", TCC 2013, section 3): it shares which
 * of its 16 values a digit of its number has. Runs of digits are joined like carries, by products of up to four bits.
 */
export async function below(
  session: PartySession,
  dealt: PieceReceiver,
  open: Uint32Array,
  words: 1 | 4,
  bits: number,
): Promise<Uint8Array> {
  const count = open.length / words;
  const width = planeBytes(count);
  const digits = Math.ceil(bits / DIGIT_BITS);
  const length = digits * VALUES * width;
  const isEqual = session.index === 0 ? nextBytes(session.masks, length) : await dealt.take(length);
  // Of a digit that is below the dealer's, the dealer's has one of the values above it.
  const isLess = new Uint8Array(length);
  for (let at = length - width - 1; at >= 0; at -= 1) {
    const isLast = Math.floor(at / width) % VALUES === VALUES - 1;
    if (!isLast) isLess[at] = isLess[at + width]! ^ isEqual[at + width]!;
  }
  let runs = Array.from({ length: digits }, (_, digit): Run => {
    const run = { less: new Uint8Array(width), equal: new Uint8Array(width) };
    for (let at = 0; at < count; at += 1) {
      const bit = 8 * width * (digit * VALUES + digitOf(open, words, at, digit)) + at;
      run.less[at >>> 3]! |= bitOf(isLess, bit) << (at & 7);
      run.equal[at >>> 3]! |= bitOf(isEqual, bit) << (at & 7);
    }
    return run;
  });
  while (runs.length > 1) runs = await joinedRuns(session, dealt, runs);
  return runs[0]!.less;
}

/** The dealer's part of {@link below}: it knows the `numbers` that neither party does. */
export async function dealBelow(
  parties: readonly [DealtParty, DealtParty],
  toSecond: PieceSender,
  numbers: Uint32Array,
  words: 1 | 4,
  bits: number,
): Promise<void> {
  const count = numbers.length / words;
  const width = planeBytes(count);
  const digits = Math.ceil(bits / DIGIT_BITS);
  const tables = new Uint8Array(digits * VALUES * width);
  for (let digit = 0; digit < digits; digit += 1) {
    for (let at = 0; at < count; at += 1) {
      tables[(digit * VALUES + digitOf(numbers, words, at, digit)) * width + (at >>> 3)]! |= 1 << (at & 7);
    }
  }
  await toSecond.put(xor(tables, nextBytes(parties[0].masks, tables.length)));
  for (let runs = digits; runs > 1; runs = JOININGS[runs]!.groups) await dealJoining(parties, toSecond, runs, width);
}

const digitOf = (numbers: Uint32Array, words: 1 | 4, element: number, digit: number): number => {
  const bit = digit * DIGIT_BITS;
  return (numbers[element * words + (bit >>> 5)]! >>> (bit & 31)) & (VALUES - 1);
};

/**
 * How neighbouring runs are joined: their numbers compare like those of the highest run that is not equal. Factors are the bits
 * `equal` of each run of a group, from 0 on, and `less`, from `size` on. The dealer shares products of their masks.
 */
interface Joining {
  readonly groups: number;
  readonly size: number;
  /** What is opened, masked. */
  readonly factors: readonly number[];
  /** Products of masks, each of two planes before: plane 0 is 1, then come the masks of the factors, then the products. */
  readonly sets: readonly (readonly [number, number])[];
  /** Products of factors, by place in `factors`, and the planes of the subsets of their masks. */
  readonly products: readonly { readonly places: readonly number[]; readonly planes: readonly number[] }[];
}

function joining(runs: number): Joining {
  const groups = Math.ceil(runs / FAN_IN);
  const size = Math.ceil(runs / groups);
  const equals = Array.from({ length: size }, (_, run) => run);
  const wanted = equals.slice(0, -1).map((run) => [...equals.slice(run + 1), size + run]);
  // Whether all are equal does not matter in the last group.
  if (groups > 1) wanted.push(equals);
  const factors = [...new Set(wanted.flat())];
  const planeOf = new Map([[0, 0], ...factors.map((factor, at) => [2 ** factor, at + 1] as const)]);
  const sets: [number, number][] = [];
  const products = wanted.map((product) => {
    const subsets = [0];
    for (const factor of product) {
      for (const subset of subsets.slice()) {
        const set = subset + 2 ** factor;
        subsets.push(set);
        if (planeOf.has(set)) continue;
        sets.push([planeOf.get(subset)!, planeOf.get(2 ** factor)!]);
        planeOf.set(set, factors.length + sets.length);
      }
    }
    return {
      places: product.map((factor) => factors.indexOf(factor)),
      planes: subsets.map((set) => planeOf.get(set)!),
    };
  });
  return { groups, size, factors, sets, products };
}

const JOININGS = Array.from({ length: MOST_RUNS + 1 }, (_, runs) => joining(runs));

/**
 * Joins runs, the lowest first, in one round, however many factors a product has (S. Ohata, K. Nuida,
 * "Communication-Efficient (Client-Aided) Secure Two-Party Protocols and Its Application", FC 2020, section 3): of every
 * factor x ^ mask is opened, and a product is expanded by the dealer's shares of the products of masks.
 */
async function joinedRuns(
  { index, masks, peer }: PartySession,
  dealt: PieceReceiver,
  runs: readonly Run[],
): Promise<Run[]> {
  const { groups, size, factors, sets, products } = JOININGS[runs.length]!;
  const width = runs[0]!.less.length;
  const length = groups * width;
  // Above the highest run nothing differs.
  const one = new Uint8Array(length).fill(index === 0 ? 255 : 0);
  const none: Run = { less: new Uint8Array(width), equal: one.subarray(0, width) };
  const inputs = (['equal', 'less'] as const).flatMap((field) =>
    Array.from({ length: size }, (_, place) =>
      joined(...Array.from({ length: groups }, (__, group) => (runs[group * size + place] ?? none)[field])),
    ),
  );
  const own = nextBytes(masks, factors.length * length);
  const rest = sets.length * length;
  const planes = joined(one, own, index === 0 ? nextBytes(masks, rest) : await dealt.take(rest));
  const sent = xor(joined(...factors.map((factor) => inputs[factor]!)), own);
  const opened = xor(sent, sized(await exchange(peer, sent), sent.length));

  const values = products.map((product) => {
    const terms = joined(...product.planes.map((plane) => planes.subarray(plane * length, (plane + 1) * length)));
    for (let left = product.places.length - 1; left >= 0; left -= 1) {
      const half = length * 2 ** left;
      const known = product.places[left]! * length;
      for (let at = 0, byte = known; at < half; at += 1, byte += 1) {
        if (byte === known + length) byte = known;
        terms[at] = (terms[at]! & opened[byte]!) ^ terms[half + at]!;
      }
    }
    return terms.subarray(0, length);
  });
  const less = values.slice(0, size - 1).reduce(xor, inputs.at(-1)!);
  const equal = values[size - 1] ?? one;
  const part = (of: Uint8Array, group: number): Uint8Array => of.subarray(group * width, (group + 1) * width);
  return Array.from({ length: groups }, (_, group) => ({ less: part(less, group), equal: part(equal, group) }));
}

/** The dealer's part of {@link joinedRuns}, for runs of `width` bytes. */
async function dealJoining(
  [first, second]: readonly [DealtParty, DealtParty],
  toSecond: PieceSender,
  runs: number,
  width: number,
): Promise<void> {
  const { groups, factors, sets } = JOININGS[runs]!;
  const length = groups * width;
  const whole = factors.length * length;
  const planes = new Uint8Array((1 + factors.length + sets.length) * length);
  planes.set(xor(nextBytes(first.masks, whole), nextBytes(second.masks, whole)), length);
  let to = length + whole;
  for (const [left, right] of sets) {
    const [one, other] = [left * length, right * length];
    for (let at = 0; at < length; at += 1) planes[to + at] = planes[one + at]! & planes[other + at]!;
    to += length;
  }
  const products = planes.subarray(length + whole);
  await toSecond.put(xor(products, nextBytes(first.masks, products.length)));
}
