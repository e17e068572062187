import { criticalEdges, STATUS_COLOURS, type Graph } from './graph.js';

/** As Graphviz DOT, the critical path in thick lines. Names are quoted and escaped: they are the user's. */
export function toDot(graph: Graph): string {
  const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&').replace(/\s+/g, ' ')}"`;
  const thick = criticalEdges(graph);
  return [
    'digraph chain {',
    '  rankdir=LR; node [shape=box];',
    ...graph.nodes.map(({ task_id, task_name, task_type, status }) => {
      const [fill, stroke] = STATUS_COLOURS[status ?? ''] ?? [];
      const colours = fill === undefined ? '' : ` style=filled fillcolor="${fill}" color="${stroke}"`;
      const kind = status === undefined ? task_type : `${task_type}, ${status}`;
      return `  ${quote(task_id)} [label=${quote(`${task_name} (${kind})`)}${colours}];`;
    }),
    ...graph.edges.map(({ from, to }, i) => `  ${quote(from)} -> ${quote(to)}${thick.has(i) ? ' [penwidth=3]' : ''};`),
    '}',
    '',
  ].join('\n');
}
