import { chosen } from './bit-numbers.js';
import { dealBits, dealShares, dealtBits, dealtVector, drawnBits } from './dealt.js';
import { bitOf, joined, nextBytes, xor } from './bit-strings.js';
import { openBits } from './opening.js';
import type { PieceReceiver, PieceSender } from './pieces.js';
import { constant, type Ring, type Vector } from './rings.js';
import type { DealtParty, GroupSession } from './session.js';
import { planeBytes } from './shared-bits.js';

/** Bits of a digit. */
const DIGIT_BITS = 4;
const VALUES = 2 ** DIGIT_BITS;
/** Runs of digits that are joined to a run. */
const FAN_IN = 6;
/** Runs that are joined to a number. */
const LAST_FAN_IN = 4;

/** Of a run of digits of each element: whether the number that both know is below the dealer's there, or equal to it. */
interface Run {
  readonly less: Uint8Array;
  readonly equal: Uint8Array;
}

/**
 * Own share, as numbers 0 and 1 of a ring, of whether each `open` number, which all know, is below that of the dealer. Both have at
 * most `bits` bits, 96 or less. Two rounds; one for up to 16 bits.
 *
 * Digits of four bits are compared without a word, by tables of the dealer (Y. Ishai, E. Kushilevitz, S. Meldgaard, C. Orlandi,
 * A. Paskin-Cherniavsky, "On the Power of Correlated Randomness in Secure Computation", TCC 2013, section 3): it shares which
 * of its 16 values a digit of its number has. Runs of digits are joined like carries, by products of up to six bits.
 */
export async function below(
  session: GroupSession,
  dealt: PieceReceiver,
  open: Uint32Array,
  words: 1 | 4,
  bits: number,
  to: Ring,
): Promise<Vector> {
  const count = open.length / words;
  const width = planeBytes(count);
  const digits = Math.ceil(bits / DIGIT_BITS);
  const length = digits * VALUES * width;
  const isEqual = await dealtBits(session, dealt, length);
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
  if (digits > LAST_FAN_IN) runs = await joinedRuns(session, dealt, runs);
  return isLessThere(session, dealt, runs, to, count);
}

/** The dealer's part of {@link below}: it knows the `numbers` that neither party does. */
export async function dealBelow(
  parties: readonly DealtParty[],
  toLast: PieceSender,
  numbers: Uint32Array,
  words: 1 | 4,
  bits: number,
  to: Ring,
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
  await dealBits(parties, toLast, tables);
  if (digits > LAST_FAN_IN) await dealJoining(parties, toLast, digits, width);
  await dealLast(parties, toLast, digits > LAST_FAN_IN ? joiningOf(digits).groups : digits, to, count);
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

/** Products of runs that are joined in `groups`. The last of a group is whether all are equal, or, at the end, whether the highest is less. */
function joining(runs: number, groups: number): Joining {
  const size = Math.ceil(runs / groups);
  const equals = Array.from({ length: size }, (_, run) => run);
  const wanted = equals.slice(0, -1).map((run) => [...equals.slice(run + 1), size + run]);
  wanted.push(groups > 1 ? equals : [2 * size - 1]);
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

/** At least two groups, so that there is something to join at the end. */
const JOININGS = new Map<number, Joining>();
function joiningOf(runs: number): Joining {
  const known = JOININGS.get(runs) ?? joining(runs, Math.max(2, Math.ceil(runs / FAN_IN)));
  JOININGS.set(runs, known);
  return known;
}

const LAST = Array.from({ length: LAST_FAN_IN + 1 }, (_, runs) => joining(runs, 1));

/**
 * Joins runs, the lowest first, in one round, however many factors a product has (S. Ohata, K. Nuida,
 * "Communication-Efficient (Client-Aided) Secure Two-Party Protocols and Its Application", FC 2020, section 3): of every
 * factor x ^ mask is opened, and a product is expanded by the dealer's shares of the products of masks.
 */
async function joinedRuns(session: GroupSession, dealt: PieceReceiver, runs: readonly Run[]): Promise<Run[]> {
  const { index, masks } = session;
  const { groups, size, factors, sets, products } = joiningOf(runs.length);
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
  const planes = joined(one, own, await dealtBits(session, dealt, rest));
  const opened = await openBits(session, xor(joined(...factors.map((factor) => inputs[factor]!)), own));

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
  const equal = values[size - 1]!;
  const part = (of: Uint8Array, group: number): Uint8Array => of.subarray(group * width, (group + 1) * width);
  return Array.from({ length: groups }, (_, group) => ({ less: part(less, group), equal: part(equal, group) }));
}

/** The dealer's part of {@link joinedRuns}, for runs of `width` bytes. */
async function dealJoining(
  parties: readonly DealtParty[],
  toLast: PieceSender,
  runs: number,
  width: number,
): Promise<void> {
  const { groups, factors, sets } = joiningOf(runs);
  const length = groups * width;
  const whole = factors.length * length;
  const planes = new Uint8Array((1 + factors.length + sets.length) * length);
  planes.set(drawnBits(parties, whole), length);
  let to = length + whole;
  for (const [left, right] of sets) {
    const [one, other] = [left * length, right * length];
    for (let at = 0; at < length; at += 1) planes[to + at] = planes[one + at]! & planes[other + at]!;
    to += length;
  }
  await dealBits(parties, toLast, planes.subarray(length + whole));
}

/**
 * Joins the last runs to a number, in one round: as {@link joinedRuns}, by the dealer's shares of products of masks, which are numbers (as in daBits:
 * D. Rotaru, T. Wood, "MArBled Circuits", INDOCRYPT 2019). Where x ^ mask is open, x is mask or 1 - mask. At most one of the products is 1.
 */
async function isLessThere(
  session: GroupSession,
  dealt: PieceReceiver,
  runs: readonly Run[],
  ring: Ring,
  count: number,
): Promise<Vector> {
  const { factors, sets, products } = LAST[runs.length]!;
  const { index, masks } = session;
  const width = planeBytes(count);
  const own = nextBytes(masks, factors.length * width);
  const numbers = await dealtVector(session, dealt, ring, (factors.length + sets.length) * count);
  const inputs = [...runs.map(({ equal }) => equal), ...runs.map(({ less }) => less)];
  const opened = await openBits(session, xor(joined(...factors.map((factor) => inputs[factor]!)), own));

  const one = constant(ring, count, index === 0 ? 1 : 0);
  const length = count * ring.words;
  const numberOf = (plane: number): Vector =>
    plane === 0 ? one : numbers.subarray((plane - 1) * length, plane * length);
  return products
    .map(({ places, planes }) => {
      let terms = planes.map(numberOf);
      for (const place of places.toReversed()) {
        const half = terms.length / 2;
        const pairs = terms.slice(0, half).map((without, at) => [without, terms[half + at]!] as const);
        terms = pairs.map(([without, withMask]) => {
          const flipped = ring.subtract(without, withMask);
          return chosen(ring, count, (at) => (bitOf(opened, 8 * width * place + at) === 1 ? flipped : withMask));
        });
      }
      return terms[0]!;
    })
    .reduce((sum, product) => ring.add(sum, product));
}

/** The dealer's part of {@link isLessThere}. */
async function dealLast(
  parties: readonly DealtParty[],
  toLast: PieceSender,
  runs: number,
  ring: Ring,
  count: number,
): Promise<void> {
  const { factors, sets } = LAST[runs]!;
  const width = planeBytes(count);
  const masks = drawnBits(parties, factors.length * width);
  const planes = factors.map((_, at) => masks.subarray(at * width, (at + 1) * width));
  for (const [left, right] of sets) planes.push(planes[left - 1]!.map((byte, at) => byte & planes[right - 1]![at]!));
  const numbers = new Uint32Array(planes.length * count * ring.words);
  for (const [plane, bits] of planes.entries()) {
    for (let at = 0; at < count; at += 1) numbers[(plane * count + at) * ring.words] = bitOf(bits, at);
  }
  await dealShares(parties, toLast, ring, numbers);
}
