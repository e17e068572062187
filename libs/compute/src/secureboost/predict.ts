import type { JsonObject } from '../contract/task-type.js';
import type { NumericColumns } from '../table/numeric-columns.js';
import type { MaskedPeer } from './masked-peer.js';

/** A node of a model. Splits of the other party are known by id alone. */
export type ModelNode =
  | { readonly weight: number }
  | { readonly feature: number; readonly threshold: number; readonly left: number; readonly right: number }
  | { readonly peerSplit: number; readonly left: number; readonly right: number };

/** A node as files of models have it. */
export function fileNode(node: ModelNode, features: readonly string[]): JsonObject {
  if ('weight' in node) return { weight: node.weight };
  const { left, right } = node;
  if ('peerSplit' in node) return { peer_split: node.peerSplit, left, right };
  return { feature: features[node.feature]!, threshold: node.threshold, left, right };
}

/** Rows per prediction run. */
export const PREDICT_ROWS = 16_384;

/**
 * Scores of the rows `from` to `to`, all trees level by level. At each level the other party answers for all of its
 * splits of that level, whatever rows reach them, and reveals the sides of the rows that do.
 */
export async function scoresOf(
  trees: readonly (readonly ModelNode[])[],
  baseScore: number,
  table: NumericColumns,
  from: number,
  to: number,
  peer: Pick<MaskedPeer, 'route'>,
): Promise<Float64Array> {
  const count = to - from;
  const places = trees.map(() => new Int32Array(count));
  for (let level = trees.map(() => [0]); level.some((nodes) => nodes.length > 0); level = below(trees, level)) {
    const asked = level.flatMap((nodes, tree) =>
      nodes.flatMap((at) => {
        const node = trees[tree]![at]!;
        return 'peerSplit' in node ? [{ tree, at, id: node.peerSplit }] : [];
      }),
    );
    const sides = await ask(asked, places, count, (...which) => peer.route(which[0], from, to, which[1]));
    trees.forEach((nodes, tree) => {
      const own = places[tree]!;
      for (let row = 0; row < count; row += 1) {
        const node = nodes[own[row]!]!;
        if ('weight' in node) continue;
        const left =
          'peerSplit' in node
            ? sides.get(tree)![row] === 1
            : table.values[(from + row) * table.columns + node.feature]! <= node.threshold;
        own[row] = left ? node.left : node.right;
      }
    });
  }
  return Float64Array.from({ length: count }, (_, row) =>
    trees.reduce((score, nodes, tree) => score + (nodes[places[tree]![row]!] as { weight: number }).weight, baseScore),
  );
}

/** The child nodes of a level, by tree. */
function below(trees: readonly (readonly ModelNode[])[], level: readonly (readonly number[])[]): number[][] {
  return level.map((nodes, tree) =>
    nodes.flatMap((at) => {
      const node = trees[tree]![at]!;
      return 'weight' in node ? [] : [node.left, node.right];
    }),
  );
}

/** Splits of the other party in a level, by the place of their node. */
interface Asked {
  readonly tree: number;
  readonly at: number;
  readonly id: number;
}

/** By tree, for each row that is at a split of the other party whether it goes left. */
async function ask(
  asked: readonly Asked[],
  places: readonly Int32Array[],
  rows: number,
  route: (groups: number[][], choices: Uint16Array[]) => Promise<Uint8Array[]>,
): Promise<Map<number, Uint8Array>> {
  const trees = [...new Set(asked.map(({ tree }) => tree))];
  if (trees.length === 0) return new Map();
  const groups = trees.map((tree) => asked.filter((each) => each.tree === tree));
  const choices = groups.map((group, at) => {
    const listOf = new Map(group.map((each, list) => [each.at, list + 1]));
    return Uint16Array.from({ length: rows }, (_, row) => listOf.get(places[trees[at]!]![row]!) ?? 0);
  });
  const sides = await route(
    groups.map((group) => group.map(({ id }) => id)),
    choices,
  );
  return new Map(trees.map((tree, at) => [tree, sides[at]!]));
}
