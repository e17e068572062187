import type { BucketSums } from '../mpc/bucket-matrix.js';
import type { Joint } from '../mpc/joint.js';
import { permutation } from '../mpc/random.js';
import { Z32, constant, type Vector } from '../mpc/rings.js';
import type { Boosting } from '../vertical/boosting.js';
import type { Bucketed } from '../vertical/buckets.js';
import { growSharedTree, valuesOf, type SharedTree, type TreeRules, type Winners } from './shared-tree.js';
import { SCORE_BITS, sigmoids } from './sigmoid.js';

/** What is public of a training. */
export interface SharedTraining {
  readonly boosting: Boosting;
  readonly rows: number;
  readonly home: 0 | 1;
  readonly counts: readonly [readonly number[], readonly number[]];
  /** The smallest group of rows that a split may separate. */
  readonly least: number;
}

/** Fraction bits of derivatives: their sums over all rows, and the penalty, stay below 2^30. */
const MOST_BITS = 20;

/** Fraction bits of derivatives, and of scores. */
export function bitsOf({ boosting, rows }: Pick<SharedTraining, 'boosting' | 'rows'>): {
  gradient: number;
  score: number;
} {
  const gradient = Math.min(MOST_BITS, 30 - Math.ceil(Math.log2(rows + boosting.lambda + 1)));
  return { gradient, score: boosting.objective === 'logistic' ? SCORE_BITS : gradient };
}

/**
 * Boosts trees on shares. `label` are the labels of the party that has them, 0 and 1, or numbers within -1 and 1. Rows and
 * columns of a tree are drawn from the seed, as for SecureBoost. Calls `watch` when a tree begins.
 */
export async function boostShared(
  joint: Joint,
  matrix: BucketSums,
  winners: Winners,
  own: readonly Bucketed[] | null,
  label: Float64Array | null,
  training: SharedTraining,
  watch: (tree: number) => void = () => {},
): Promise<SharedTree[]> {
  const { boosting, rows, home, counts } = training;
  const { objective, seed, lambda } = boosting;
  const bits = bitsOf(training);
  const target = label && Uint32Array.from(label, (y) => Math.round(y * 2 ** bits.gradient));
  const isLogistic = objective === 'logistic';
  let scores = startOf(joint, rows, isLogistic ? boosting.baseScore : 0, bits.score);
  const smallest = isLogistic ? 1 / 4 : 1;
  const rules: Omit<TreeRules, 'columns'> = {
    depth: boosting.maxDepth,
    home,
    counts,
    least: training.least * smallest * 2 ** bits.gradient,
    lambda: lambda * 2 ** bits.gradient,
    learningRate: boosting.learningRate,
    scoreBits: bits.score,
    bounded: isLogistic,
  };
  const trees: SharedTree[] = [];
  for (let tree = 0; tree < boosting.rounds; tree += 1) {
    watch(tree);
    const { first, second } = await derivatives(joint, scores, target, isLogistic, bits.gradient);
    const outside = outsideOf(rows, boosting.subsample, `${seed}/rows/${tree}`);
    for (const vector of [first, second]) for (const row of outside) vector[row] = 0;
    const columns = columnsOf(training, tree);
    const grown = await growSharedTree(joint, matrix, winners, own, { first, second }, { ...rules, columns });
    trees.push(grown);
    const values = await valuesOf(joint, grown, rows, (node) => {
      const split = grown.splits[node];
      if (split === undefined) return null;
      return Uint8Array.from({ length: rows }, (_, row) =>
        split === null || own![split.column]!.of[row]! <= split.bucket ? 1 : 0,
      );
    });
    scores = Z32.add(scores, values);
  }
  return trees;
}

/** The score of every row before the first tree. */
export function startOf(joint: Joint, rows: number, score: number, bits: number): Vector {
  return joint.index === 0 ? constant(Z32, rows, Math.round(score * 2 ** bits)) : new Uint32Array(rows);
}

async function derivatives(
  joint: Joint,
  scores: Vector,
  target: Vector | null,
  isLogistic: boolean,
  bits: number,
): Promise<{ first: Vector; second: Vector }> {
  const { probability, curvature } = isLogistic
    ? await sigmoids(joint, scores, bits)
    : { probability: scores.slice(), curvature: startOf(joint, scores.length, 1, bits) };
  return { first: target ? Z32.subtract(probability, target) : probability, second: curvature };
}

/** The rows that a tree leaves out. */
function outsideOf(rows: number, fraction: number, seed: string): Uint32Array {
  const kept = keptOf(rows, fraction);
  return kept >= rows ? new Uint32Array() : permutation(rows, seed).subarray(kept);
}

/** How many nodes could be of either party, so that their owner is opened: all of each tree that may use a column of the other party. */
export function nodesOfEither(training: Pick<SharedTraining, 'boosting' | 'counts' | 'home'>): number {
  const { boosting, counts, home } = training;
  const other = (1 - home) as 0 | 1;
  let trees = 0;
  for (let tree = 0; tree < boosting.rounds; tree += 1) {
    if (columnsOf(training, tree)[other].some((column) => counts[other][column]! > 1)) trees += 1;
  }
  return trees * (2 ** boosting.maxDepth - 1);
}

/** The columns that a tree may use; those of the label's party come first in the drawing. */
function columnsOf(
  { boosting, counts, home }: Pick<SharedTraining, 'boosting' | 'counts' | 'home'>,
  tree: number,
): [number[], number[]] {
  const [own, other] = [counts[home].length, counts[1 - home]!.length];
  const all = own + other;
  const kept = keptOf(all, boosting.colsample);
  const drawn = permutation(all, `${boosting.seed}/columns/${tree}`).slice(0, kept).sort();
  const chosen = kept >= all ? Array.from({ length: all }, (_, at) => at) : [...drawn];
  const ofHome = chosen.filter((column) => column < own);
  const ofOther = chosen.filter((column) => column >= own).map((column) => column - own);
  return home === 0 ? [ofHome, ofOther] : [ofOther, ofHome];
}

const keptOf = (count: number, fraction: number): number => Math.max(1, Math.round(count * fraction));
