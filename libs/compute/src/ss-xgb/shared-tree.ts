import type { BucketSums } from '../mpc/bucket-matrix.js';
import type { BitJob, Joint } from '../mpc/joint.js';
import { Z32, Z128, concat, type Vector } from '../mpc/rings.js';
import type { Bucketed } from '../vertical/buckets.js';
import { judge, owners, type Candidates, type SplitRules } from './candidates.js';
import { leafWeights, type WeightRules } from './leaf-weights.js';

/** A split of an own column: rows up to the edge after `bucket` go left. Null sends every row left: a node that is not split. */
export type OwnSplit = { readonly column: number; readonly bucket: number } | null;

/**
 * A tree of which each party has its part. Its nodes are all there, level by level, the left child of node n at 2n + 1; what
 * it has of a leaf is a share of its weight.
 */
export interface SharedTree {
  readonly owners: readonly (0 | 1)[];
  /** By node; undefined for the other party's, and for the dealer. */
  readonly splits: readonly (OwnSplit | undefined)[];
  /** Own shares of the leaves' weights, from left to right. */
  readonly weights: Vector;
}

/** Shared derivatives of each row, in Z_2^32. */
export interface SharedGradients {
  readonly first: Vector;
  readonly second: Vector;
}

/** What is public of a tree that grows. */
export interface TreeRules extends SplitRules, WeightRules {
  readonly depth: number;
  /** The party with the label, whose candidate number 0 is not to split. */
  readonly home: 0 | 1;
  /** Buckets of all columns, by party. */
  readonly counts: readonly [readonly number[], readonly number[]];
  /** The columns that this tree may use, by party. */
  readonly columns: readonly [readonly number[], readonly number[]];
}

/** What only a party can do: learn the numbers of its winners. */
export interface Winners {
  /** The first word of own shares of numbers in; out come those of the nodes that are one's own, undefined for the others. */
  open(owners: readonly (0 | 1)[], numbers: Vector): Promise<(number | undefined)[]>;
}

interface Node extends SharedGradients {
  /** Sums by bucket, by party. */
  readonly sums: readonly [Candidates, Candidates];
}

/**
 * Grows one tree on shares, as SecretFlow's ss_xgb does (W. Fang, D. Zhao, J. Tan, C. Chen, C. Yu, L. Wang, L. Wang, J. Zhou, B. Zhang,
 * "Large-scale Secure XGB for Vertical Federated Learning", CIKM 2021): sums, gains, sides and weights stay shared. Both
 * parties learn whose column splits a node, and its owner which of its buckets. `own` are the own columns.
 */
export async function growSharedTree(
  joint: Joint,
  matrix: BucketSums,
  winners: Winners,
  own: readonly Bucketed[] | null,
  gradients: SharedGradients,
  rules: TreeRules,
): Promise<SharedTree> {
  let level: Node[] = (await withSums(matrix, [gradients])) satisfies Node[];
  const allOwners: (0 | 1)[] = [];
  const splits: (OwnSplit | undefined)[] = [];
  for (let depth = 0; ; depth += 1) {
    const nodes = totals(level, rules);
    const judged = await judge(
      joint,
      rules.home,
      nodes,
      [candidates(level, 0, rules), candidates(level, 1, rules)],
      rules,
    );
    const ofLevel = await owners(joint, rules.home, judged.best, level.length);
    const numbers = ofLevel.map((owner, node) => judged.best[owner]!.number[node * Z128.words]!);
    const opened = await winners.open(ofLevel, Uint32Array.from(numbers));
    const found = opened.map((number) => (number === undefined ? undefined : splitOf(joint, rules, number)));
    allOwners.push(...ofLevel);
    splits.push(...found);
    if (depth + 1 === rules.depth) {
      const leaves = (field: 'first' | 'second'): Vector =>
        concat(
          ofLevel.flatMap((owner, node) => {
            const at = (vector: Vector): Vector => vector.subarray(node * Z128.words, (node + 1) * Z128.words);
            const left = at(judged.best[owner]![field]);
            return [left, Z128.subtract(at(judged.totals[field]), left)];
          }),
        );
      const weights = await leafWeights(joint, leaves('first'), leaves('second'), rules);
      return { owners: allOwners, splits, weights };
    }
    level = await children(joint, matrix, own, level, ofLevel, found);
  }
}

/** The split that a party's number means: its candidates count from 1, column by column; 0 is not to split. */
function splitOf(joint: Joint, { counts, columns }: TreeRules, number: number): OwnSplit {
  if (number === 0) return null;
  let before = number - 1;
  for (const column of columns[joint.index!]) {
    const candidates = counts[joint.index!][column]! - 1;
    if (before < candidates) return { column, bucket: before };
    before -= candidates;
  }
  throw new RangeError('a winner that was no candidate');
}

/** Sums the left children; a right child is the rest of its parent. */
async function children(
  joint: Joint,
  matrix: BucketSums,
  own: readonly Bucketed[] | null,
  level: readonly Node[],
  ofLevel: readonly (0 | 1)[],
  splits: readonly (OwnSplit | undefined)[],
): Promise<Node[]> {
  const rows = level[0]!.first.length;
  const jobs = level.flatMap(({ first, second }, node): BitJob[] => {
    const owner = ofLevel[node]!;
    const split = splits[node];
    const bits = split === undefined ? null : sidesOf(own!, split, rows);
    return [
      { owner, bits, values: first },
      { owner, bits, values: second },
    ];
  });
  const products = await joint.timesBits(jobs);
  const lefts = await withSums(
    matrix,
    level.map((_, node) => ({ first: products[2 * node]!, second: products[2 * node + 1]! })),
  );
  return lefts.flatMap((left, node) => [left, rest(level[node]!, left)]);
}

function sidesOf(own: readonly Bucketed[], split: OwnSplit, rows: number): Uint8Array {
  if (split === null) return new Uint8Array(rows).fill(1);
  const { of } = own[split.column]!;
  return Uint8Array.from(of, (bucket) => (bucket <= split.bucket ? 1 : 0));
}

async function withSums(matrix: BucketSums, nodes: readonly SharedGradients[]): Promise<Node[]> {
  const sums = await matrix.sums(nodes.flatMap(({ first, second }) => [first, second]));
  return nodes.map(({ first, second }, node) => {
    const of = (party: 0 | 1): Candidates => ({ first: sums[party][2 * node]!, second: sums[party][2 * node + 1]! });
    return { first, second, sums: [of(0), of(1)] };
  });
}

function rest(parent: Node, left: Node): Node {
  const minus = (whole: Candidates, part: Candidates): Candidates => ({
    first: Z32.subtract(whole.first, part.first),
    second: Z32.subtract(whole.second, part.second),
  });
  return {
    ...minus(parent, left),
    sums: [minus(parent.sums[0], left.sums[0]), minus(parent.sums[1], left.sums[1])],
  };
}

/** The sums of whole nodes: those over the buckets of any one column. */
function totals(level: readonly Node[], { counts }: TreeRules): Candidates {
  const party = counts[0].length > 0 ? 0 : 1;
  const sum = (vector: Vector): number =>
    vector.subarray(0, counts[party][0]).reduce((total, word) => (total + word) >>> 0, 0);
  return {
    first: Uint32Array.from(level, ({ sums }) => sum(sums[party].first)),
    second: Uint32Array.from(level, ({ sums }) => sum(sums[party].second)),
  };
}

/** Sums of the rows up to each bucket but the last, node by node. */
function candidates(level: readonly Node[], party: 0 | 1, { counts, columns }: TreeRules): Candidates {
  const starts = counts[party].map((_, column) =>
    counts[party].slice(0, column).reduce((sum, count) => sum + count, 0),
  );
  const size = columns[party].reduce((sum, column) => sum + counts[party][column]! - 1, 0);
  const prefixes = (field: 'first' | 'second'): Vector => {
    const vector = new Uint32Array(level.length * size);
    let at = 0;
    for (const { sums } of level) {
      for (const column of columns[party]) {
        let sum = 0;
        for (let bucket = 0; bucket + 1 < counts[party][column]!; bucket += 1) {
          sum = (sum + sums[party][field][starts[column]! + bucket]!) >>> 0;
          vector[at++] = sum;
        }
      }
    }
    return vector;
  };
  return { first: prefixes('first'), second: prefixes('second') };
}

/**
 * Shares of what a tree says of each row, from the leaves up: a node says what its left child does where its owner's bit is
 * 1, else what its right child does. `sides` are the bits of own splits. One round for each level.
 */
export async function valuesOf(
  joint: Joint,
  { owners: ofNode, weights }: Pick<SharedTree, 'owners' | 'weights'>,
  rows: number,
  sides: (node: number) => Uint8Array | null,
): Promise<Vector> {
  let below: Vector[] = Array.from(weights, (weight) => new Uint32Array(rows).fill(weight));
  while (below.length > 1) {
    const start = below.length / 2 - 1;
    const jobs = Array.from({ length: below.length / 2 }, (_, at): BitJob => ({
      owner: ofNode[start + at]!,
      bits: sides(start + at),
      values: Z32.subtract(below[2 * at]!, below[2 * at + 1]!),
    }));
    const differences = await joint.timesBits(jobs);
    below = differences.map((difference, at) => Z32.add(difference, below[2 * at + 1]!));
  }
  return below[0]!;
}
