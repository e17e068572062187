import { Graph, layout } from '@dagrejs/dagre';
import { NODE } from './node-size.js';

export interface ToLayOut {
  readonly round: number;
  readonly ids: readonly string[];
  readonly edges: readonly (readonly [string, string])[];
}
export interface LaidOut {
  readonly round: number;
  readonly places: Readonly<Record<string, { readonly x: number; readonly y: number }>>;
}

/** Lays a graph out beside the page, which stays in reach meanwhile. */
self.onmessage = ({ data: { round, ids, edges } }: MessageEvent<ToLayOut>) => {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 60 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of ids) graph.setNode(id, { ...NODE });
  for (const [from, to] of edges) graph.setEdge(from, to);
  layout(graph);
  const places = Object.fromEntries(
    ids.map((id) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      return [id, { x: x - NODE.width / 2, y: y - NODE.height / 2 }];
    }),
  );
  self.postMessage({ round, places } satisfies LaidOut);
};
