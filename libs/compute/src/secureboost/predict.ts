import type { NumericColumns } from '../table/numeric-columns.js';
import type { MaskedPeer } from './masked-peer.js';

/** A node of a model. Splits of the other party are known by id alone. */
export type ModelNode =
  | { readonly weight: number }
  | { readonly feature: number; readonly threshold: number; readonly left: number; readonly right: number }
  | { readonly peerSplit: number; readonly left: number; readonly right: number };

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
    const listOf = new Map(asked.map(({ id }, list) => [id, list]));
    const isLeft =
      asked.length === 0
        ? () => false
        : await peer.route(
            asked.map(({ id }) => id),
            from,
            to,
            (list, row) => places[asked[list]!.tree]![row] === asked[list]!.at,
          );
    trees.forEach((nodes, tree) => {
      const own = places[tree]!;
      for (let row = 0; row < count; row += 1) {
        const node = nodes[own[row]!]!;
        if ('weight' in node) continue;
        const left =
          'peerSplit' in node
            ? isLeft(listOf.get(node.peerSplit)!, row)
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
