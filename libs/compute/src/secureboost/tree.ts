import type { Objective } from '../vertical/boosting.js';
import type { Bucketed } from '../vertical/buckets.js';
import { LARGEST_SECOND, leafScore, leafWeight, type Gradients, type Totals } from './gradients.js';

/** A leaf, or a split: rows up to `bucket` of the column go left. Columns of the label's party come first. */
export type TreeNode =
  | { readonly weight: number }
  | { readonly column: number; readonly bucket: number; readonly left: number; readonly right: number };

/** Sums of derivatives by bucket, of columns one after the other. */
export interface Histogram {
  readonly first: Float64Array;
  readonly second: Float64Array;
}

/** A split of the other party's column, and the rows that it divides. */
export interface PeerSplit {
  readonly column: number;
  readonly bucket: number;
  readonly rows: Uint32Array;
}

/** A level of a tree. */
export interface Place {
  readonly tree: number;
  readonly level: number;
}

/** The other party, as tree growing sees it. Its columns count from 0 here. */
export interface Peer {
  /** How many buckets each column has. */
  readonly counts: readonly number[];
  histograms(
    gradients: Gradients,
    nodes: readonly Uint32Array[],
    columns: readonly number[],
    place: Place,
  ): Promise<Histogram[]>;
  /** For each row of each split, in order, whether it goes left. */
  sides(splits: readonly PeerSplit[]): Promise<((row: number) => boolean)[]>;
}

export interface GrowthRules {
  /** The number of the tree. */
  readonly tree: number;
  readonly objective: Objective;
  readonly maxDepth: number;
  readonly lambda: number;
  /** The smallest group of rows that a split may separate. */
  readonly least: number;
}

interface Active {
  readonly at: number;
  readonly rows: Uint32Array;
  readonly totals: Totals;
  histogram: Histogram | null;
  /** The histogram of a node minus that of one child is that of the other. */
  readonly sibling: Active | null;
  readonly parent: Histogram | null;
}

interface Split {
  readonly column: number;
  readonly bucket: number;
  readonly left: Totals;
  readonly right: Totals;
}

/**
 * Grows one tree, level by level, on the columns of both parties. Each leaf has the summed curvature of at least `rules.least`
 * rows, so that no group of fewer rows is split off. Column order breaks ties between equal gains, so that the same
 * rows give the same tree. Calls `settle` with each leaf's weight and rows.
 */
export async function growTree(
  own: readonly Bucketed[],
  peer: Peer,
  gradients: Gradients,
  columns: readonly number[],
  rules: GrowthRules,
  settle: (weight: number, rows: Uint32Array) => void,
): Promise<TreeNode[]> {
  const nodes: TreeNode[] = [];
  const counts = columns.map((column) => own[column]?.count ?? peer.counts[column - own.length]!);
  const ownColumns = columns.filter((column) => column < own.length);
  const peerColumns = columns.filter((column) => column >= own.length).map((column) => column - own.length);
  const all = Uint32Array.from(gradients.first, (_, row) => row);
  const leaf = ({ at, rows, totals }: Active): void => {
    const weight = leafWeight(totals, gradients, rules.lambda);
    nodes[at] = { weight };
    settle(weight, rows);
  };
  nodes.push({ weight: 0 });
  let level: Active[] = [
    { at: 0, rows: all, totals: totalsOf(gradients, all), histogram: null, sibling: null, parent: null },
  ];
  for (let depth = 0; depth < rules.maxDepth && level.length > 0; depth += 1) {
    const direct = level.filter(({ sibling }) => sibling === null);
    const theirs =
      peerColumns.length === 0
        ? []
        : await peer.histograms(
            gradients,
            direct.map(({ rows }) => rows),
            peerColumns,
            { tree: rules.tree, level: depth },
          );
    direct.forEach(
      (node, at) => (node.histogram = joined(ownHistogram(own, ownColumns, gradients, node.rows), theirs[at])),
    );
    for (const node of level) node.histogram ??= difference(node.parent!, node.sibling!.histogram!);

    const chosen = level.map((node) => [node, bestSplit(node, columns, counts, gradients, rules)] as const);
    const sides = await sidesOf(chosen, own, peer);
    const next: Active[] = [];
    for (const [at, [node, split]] of chosen.entries()) {
      if (!split) {
        leaf(node);
        continue;
      }
      const isLeft = sides[at]!;
      const places = [nodes.push({ weight: 0 }) - 1, nodes.push({ weight: 0 }) - 1] as const;
      nodes[node.at] = { column: split.column, bucket: split.bucket, left: places[0], right: places[1] };
      next.push(...children(node, split, isLeft, places));
    }
    level = next;
  }
  level.forEach(leaf);
  return nodes;
}

/** Sums the smaller child; the other is the rest of the node. */
function children(
  node: Active,
  split: Split,
  isLeft: (row: number) => boolean,
  [left, right]: readonly [number, number],
): Active[] {
  const make = (at: number, totals: Totals, rows: Uint32Array, sibling: Active | null): Active => ({
    at,
    rows,
    totals,
    histogram: null,
    sibling,
    parent: node.histogram,
  });
  const [leftRows, rightRows] = [node.rows.filter(isLeft), node.rows.filter((row) => !isLeft(row))];
  if (leftRows.length <= rightRows.length) {
    const first = make(left, split.left, leftRows, null);
    return [first, make(right, split.right, rightRows, first)];
  }
  const second = make(right, split.right, rightRows, null);
  return [make(left, split.left, leftRows, second), second];
}

async function sidesOf(
  chosen: readonly (readonly [Active, Split | null])[],
  own: readonly Bucketed[],
  peer: Peer,
): Promise<((row: number) => boolean)[]> {
  const isTheirs = (split: Split): boolean => split.column >= own.length;
  const asked = chosen.flatMap(([{ rows }, split]) =>
    split && isTheirs(split) ? [{ column: split.column - own.length, bucket: split.bucket, rows }] : [],
  );
  const answers = asked.length === 0 ? [] : await peer.sides(asked);
  let used = 0;
  return chosen.map(([, split]) => {
    if (!split) return () => false;
    if (isTheirs(split)) return answers[used++]!;
    const bucketOf = own[split.column]!.of;
    return (row) => bucketOf[row]! <= split.bucket;
  });
}

function bestSplit(
  node: Active,
  columns: readonly number[],
  counts: readonly number[],
  gradients: Gradients,
  { lambda, objective, least: rows }: GrowthRules,
): Split | null {
  const least = rows * LARGEST_SECOND[objective];
  const { first, second } = node.histogram!;
  const whole = leafScore(node.totals, gradients, lambda);
  let best: Split | null = null;
  let most = 1e-9;
  let from = 0;
  for (const [place, column] of columns.entries()) {
    let [sumFirst, sumSecond] = [0, 0];
    for (let bucket = 0; bucket + 1 < counts[place]!; bucket += 1) {
      sumFirst += first[from + bucket]!;
      sumSecond += second[from + bucket]!;
      const left = { first: sumFirst, second: sumSecond };
      const right = { first: node.totals.first - sumFirst, second: node.totals.second - sumSecond };
      if (left.second < least || right.second < least) continue;
      const gain = leafScore(left, gradients, lambda) + leafScore(right, gradients, lambda) - whole;
      if (gain <= most) continue;
      most = gain;
      best = { column, bucket, left, right };
    }
    from += counts[place]!;
  }
  return best;
}

function totalsOf({ first, second }: Gradients, rows: Uint32Array): Totals {
  let totals = { first: 0, second: 0 };
  for (const row of rows) totals = { first: totals.first + first[row]!, second: totals.second + second[row]! };
  return totals;
}

/** Sums over the rows of a node, by bucket of the columns. */
export function ownHistogram(
  own: readonly Bucketed[],
  columns: readonly number[],
  gradients: Gradients,
  rows: Uint32Array,
): Histogram {
  const length = columns.reduce((sum, column) => sum + own[column]!.count, 0);
  const histogram = { first: new Float64Array(length), second: new Float64Array(length) };
  let from = 0;
  for (const column of columns) {
    const { of, count } = own[column]!;
    for (const row of rows) {
      const at = from + of[row]!;
      histogram.first[at]! += gradients.first[row]!;
      histogram.second[at]! += gradients.second[row]!;
    }
    from += count;
  }
  return histogram;
}

function joined(own: Histogram, peer: Histogram | undefined): Histogram {
  if (!peer) return own;
  const join = (left: Float64Array, right: Float64Array): Float64Array => {
    const both = new Float64Array(left.length + right.length);
    both.set(left);
    both.set(right, left.length);
    return both;
  };
  return { first: join(own.first, peer.first), second: join(own.second, peer.second) };
}

function difference(whole: Histogram, part: Histogram): Histogram {
  return {
    first: whole.first.map((sum, at) => sum - part.first[at]!),
    second: whole.second.map((sum, at) => sum - part.second[at]!),
  };
}
