import { permutation } from '../mpc/random.js';
import type { Bucketed } from '../vertical/buckets.js';
import { gradientsOf, sigmoid } from './gradients.js';
import type { Boosting, Objective } from '../vertical/boosting.js';
import { growTree, type GrowthRules, type Peer, type TreeNode } from './tree.js';

/** Rounding of a leaf's weight. */
const WEIGHT_DIGITS = 1e9;

/**
 * Boosts trees on the label's party. Each tree grows on the derivatives at the scores of the previous ones. Rows and
 * columns of a tree are drawn from the seed. Returns the trees, with leaf weights times the learning rate, rounded, and
 * the loss after each tree. Calls `watch` when a tree begins.
 */
export async function boost(
  own: readonly Bucketed[],
  peer: Peer,
  label: Float64Array,
  boosting: Boosting & Pick<GrowthRules, 'least'>,
  watch: (tree: number) => void = () => {},
): Promise<{ trees: TreeNode[][]; losses: number[] }> {
  const { objective, learningRate, lambda, maxDepth, seed, least } = boosting;
  const scores = new Float64Array(label.length).fill(boosting.baseScore);
  const columns = own.length + peer.counts.length;
  const trees: TreeNode[][] = [];
  const losses: number[] = [];
  const shrunk = (weight: number): number => Math.round(weight * learningRate * WEIGHT_DIGITS) / WEIGHT_DIGITS;
  for (let tree = 0; tree < boosting.rounds; tree += 1) {
    watch(tree);
    const rows = drawn(label.length, boosting.subsample, `${seed}/rows/${tree}`);
    const gradients = gradientsOf(objective, scores, label, rows);
    const chosen =
      drawn(columns, boosting.colsample, `${seed}/columns/${tree}`) ??
      Uint32Array.from({ length: columns }, (_, at) => at);
    const settle = (weight: number, settled: Uint32Array): void => {
      for (const row of settled) scores[row]! += shrunk(weight);
    };
    const nodes = await growTree(
      own,
      peer,
      gradients,
      [...chosen],
      { tree, objective, maxDepth, lambda, least },
      settle,
    );
    trees.push(nodes.map((node) => ('weight' in node ? { weight: shrunk(node.weight) } : node)));
    losses.push(lossOf(objective, scores, label));
  }
  return { trees, losses };
}

/** A sample of 0..count-1 in order, at least one; null for all. */
function drawn(count: number, fraction: number, seed: string): Uint32Array | null {
  const kept = Math.max(1, Math.round(count * fraction));
  return kept >= count ? null : permutation(count, seed).slice(0, kept).sort();
}

/** Mean log loss, or mean squared error. */
function lossOf(objective: Objective, scores: Float64Array, label: Float64Array): number {
  const loss = (score: number, y: number): number => {
    if (objective === 'linear') return (score - y) ** 2;
    return -Math.log(Math.max(sigmoid(y === 1 ? score : -score), 1e-300));
  };
  return scores.reduce((sum, score, row) => sum + loss(score, label[row]!), 0) / label.length;
}
