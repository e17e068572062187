import { bitOf } from '../mpc/bit-strings.js';
import type { Joint } from '../mpc/joint.js';
import { Z128, Z32, concat, constant, countOf, type Vector } from '../mpc/rings.js';

/** Bits that sums of derivatives lose before they are multiplied: 25 are left, so that a product of five fits the ring. */
export const DROPPED_BITS = 5;

/** Keeps a denominator positive, whatever sums lose. In the unit of the sums. */
export const LEAST = 4;

/** Shared sums of the derivatives of the rows on the left of each candidate, node by node, in Z_2^32. */
export interface Candidates {
  readonly first: Vector;
  readonly second: Vector;
}

/** The rules of a split, in the unit of the sums in Z_2^32. */
export interface SplitRules {
  /** The least sum of second derivatives of either side. */
  readonly least: number;
  readonly lambda: number;
}

/** Shares of the best candidate of each node, in Z_2^128: its number, and the sums of its left side. */
export interface Best {
  readonly number: Vector;
  readonly first: Vector;
  readonly second: Vector;
  /** The loss that it takes away, as a fraction. */
  readonly numerator: Vector;
  readonly denominator: Vector;
}

/** {@link Best} of two parties' candidates, and the sums of each node. */
export interface Judged {
  readonly best: readonly [Best | null, Best | null];
  readonly totals: { readonly first: Vector; readonly second: Vector };
}

/**
 * Judges splits by what remains of the gain G_l^2 / (H_l + lambda) + G_r^2 / (H_r + lambda) - G^2 / (H + lambda) when the
 * last term, the same for all splits of a node, is put into the race as a candidate: not to split, number 0 of `home`.
 * The others of a party count from 1. A candidate with too small a side counts as 0. Fractions are compared by
 * cross-multiplication, in a knock-out of each party's candidates.
 */
export async function judge(
  joint: Joint,
  home: 0 | 1,
  nodes: Candidates,
  splits: readonly [Candidates, Candidates],
  rules: SplitRules,
): Promise<Judged> {
  const count = nodes.first.length;
  const perNode = splits.map(({ first }) => first.length / count) as [number, number];
  const first = concat(splits.map((each) => each.first));
  const second = concat(splits.map((each) => each.second));
  const total = first.length;
  const wholes = concat(splits.map((_, party) => repeated(nodes.second, perNode[party]!)));
  const least = joint.index === 0 ? constant(Z32, total, rules.least) : new Uint32Array(total);
  const rests = Z32.subtract(wholes, second);
  const sides = concat([Z32.subtract(second, least), Z32.subtract(rests, least)]);
  const small = await joint.numbers(Z128, await joint.negative(Z32, sides), 2 * total);
  const large = Z128.subtract(ones(joint, 2 * total), small);

  const wide = await joint.shift(Z32, Z128, concat([first, second, nodes.first, nodes.second]), DROPPED_BITS);
  const [firstLeft, secondLeft, firstWhole, secondWhole] = cut(Z128.words, wide, [total, total, count, count]);
  const wholeOf = (vector: Vector): Vector =>
    concat(splits.map((_, party) => repeated(vector, perNode[party]!, Z128.words)));
  const firstRight = Z128.subtract(wholeOf(firstWhole!), firstLeft!);
  const secondRight = Z128.subtract(wholeOf(secondWhole!), secondLeft!);
  const penalty = Math.round(rules.lambda / 2 ** DROPPED_BITS) + LEAST;
  const plus = (vector: Vector): Vector =>
    joint.index === 0 ? Z128.add(vector, constant(Z128, countOf(Z128, vector), penalty)) : vector;
  const [left, right] = [plus(secondLeft!), plus(secondRight)];
  const squares = await joint.product(
    Z128,
    concat([firstLeft!, firstRight, left, large.subarray(0, total * Z128.words), firstWhole!]),
    concat([firstLeft!, firstRight, right, large.subarray(total * Z128.words), firstWhole!]),
  );
  const [squareLeft, squareRight, denominator, valid, squareWhole] = cut(Z128.words, squares, [
    total,
    total,
    total,
    total,
    count,
  ]);
  const parts = await joint.product(Z128, concat([squareLeft!, squareRight!]), concat([right, left]));
  const [partLeft, partRight] = cut(Z128.words, parts, [total, total]);
  const numerator = await joint.product(Z128, Z128.add(partLeft!, partRight!), valid!);

  const constants = constant(Z128, count, penalty);
  const none: Best = {
    number: new Uint32Array(count * Z128.words),
    first: firstWhole!,
    second: secondWhole!,
    numerator: Z128.multiply(squareWhole!, constants),
    denominator: Z128.multiply(plus(secondWhole!), constants),
  };
  let from = 0;
  const best: (Best | null)[] = [];
  for (const party of [0, 1] as const) {
    const size = count * perNode[party];
    const of = (vector: Vector): Vector => vector.subarray(from * Z128.words, (from + size) * Z128.words);
    const numbers = constantNumbers(joint, count, perNode[party]);
    const each = {
      number: numbers,
      first: of(firstLeft!),
      second: of(secondLeft!),
      numerator: of(numerator),
      denominator: of(denominator!),
    };
    best.push(await knockOut(joint, count, party === home ? interleaved(none, each, count) : each));
    from += size;
  }
  return { best: [best[0]!, best[1]!], totals: { first: firstWhole!, second: secondWhole! } };
}

/** Whether the best of the party other than `home` is better, opened: the parties and the dealer learn whose split it is. */
export async function owners(
  joint: Joint,
  home: 0 | 1,
  [first, second]: Judged['best'],
  count: number,
): Promise<(0 | 1)[]> {
  const [own, other] = home === 0 ? [first, second] : [second, first];
  if (!other) return Array<0 | 1>(count).fill(home);
  const better = await joint.openBits(await isBetter(joint, own!, other));
  return Array.from({ length: count }, (_, node) => (bitOf(better, node) ? ((1 - home) as 0 | 1) : home));
}

const FIELDS = ['number', 'first', 'second', 'numerator', 'denominator'] as const;

/** The best of each node's candidates; the first of those that are equal. Null without candidates. */
async function knockOut(joint: Joint, count: number, all: Best): Promise<Best | null> {
  let left = all;
  let each = countOf(Z128, all.number) / count;
  if (each === 0) return null;
  while (each > 1) {
    const pairs = each >>> 1;
    const pick = (places: readonly number[]): Best => picked(left, count, each, places);
    const evens = pick(Array.from({ length: pairs }, (_, pair) => 2 * pair));
    const odds = pick(Array.from({ length: pairs }, (_, pair) => 2 * pair + 1));
    const better = await joint.numbers(Z128, await isBetter(joint, evens, odds), count * pairs);
    const moved = await joint.product(
      Z128,
      concat(FIELDS.map(() => better)),
      concat(FIELDS.map((field) => Z128.subtract(odds[field], evens[field]))),
    );
    const parts = cut(
      Z128.words,
      moved,
      FIELDS.map(() => count * pairs),
    );
    const winners = mapped((field) => Z128.add(evens[field], parts[FIELDS.indexOf(field)]!));
    left = each % 2 === 1 ? interleaved(winners, pick([each - 1]), count) : winners;
    each = pairs + (each % 2);
  }
  return left;
}

/** Bits of the nodes whose second candidate takes more loss away. */
async function isBetter(joint: Joint, first: Best, second: Best): Promise<Uint8Array> {
  const products = await joint.product(
    Z128,
    concat([first.numerator, second.numerator]),
    concat([second.denominator, first.denominator]),
  );
  const half = products.length / 2;
  return joint.negative(Z128, Z128.subtract(products.subarray(0, half), products.subarray(half)));
}

/** Each node's candidates of `first`, then those of `second`. */
function interleaved(first: Best, second: Best, count: number): Best {
  const sizes = [first, second].map(({ number }) => number.length / count) as [number, number];
  return mapped((field) =>
    concat(
      Array.from({ length: count }, (_, node) => [
        first[field].subarray(node * sizes[0], (node + 1) * sizes[0]),
        second[field].subarray(node * sizes[1], (node + 1) * sizes[1]),
      ]).flat(),
    ),
  );
}

function picked(all: Best, count: number, each: number, places: readonly number[]): Best {
  return mapped((field) =>
    concat(
      Array.from({ length: count }, (_, node) =>
        places.map((place) => {
          const at = (node * each + place) * Z128.words;
          return all[field].subarray(at, at + Z128.words);
        }),
      ).flat(),
    ),
  );
}

const mapped = (of: (field: (typeof FIELDS)[number]) => Vector): Best => ({
  number: of('number'),
  first: of('first'),
  second: of('second'),
  numerator: of('numerator'),
  denominator: of('denominator'),
});

function constantNumbers(joint: Joint, nodes: number, each: number): Vector {
  const numbers = new Uint32Array(nodes * each * Z128.words);
  if (joint.index === 0) for (let at = 0; at < nodes * each; at += 1) numbers[at * Z128.words] = (at % each) + 1;
  return numbers;
}

const ones = (joint: Joint, count: number): Vector =>
  joint.index === 0 ? constant(Z128, count, 1) : new Uint32Array(count * Z128.words);

/** Each element as often as there are candidates of its node. */
function repeated(vector: Vector, times: number, words = 1): Vector {
  const elements = vector.length / words;
  return concat(
    Array.from({ length: elements * times }, (_, at) => {
      const element = Math.floor(at / times);
      return vector.subarray(element * words, (element + 1) * words);
    }),
  );
}

/** Consecutive parts of a vector, of these numbers of elements. */
function cut(words: number, vector: Vector, counts: readonly number[]): Vector[] {
  let from = 0;
  return counts.map((count) => vector.subarray(from, (from += count * words)));
}
