import { criticalEdges, STATUS_COLOURS, type Graph } from './graph.js';

/** As a Mermaid flowchart, the critical path in thick lines. Names are quoted and escaped: they are the user's. */
export function toMermaid(graph: Graph): string {
  const index = new Map(graph.nodes.map((node, i) => [node.task_id, `t${i}`]));
  const statuses = [...new Set(graph.nodes.flatMap(({ status }) => status ?? []))];
  const thick = [...criticalEdges(graph)];
  return [
    'flowchart LR',
    ...graph.nodes.map(({ task_id, task_name, task_type, status }) => {
      const below = status === undefined ? label(task_type) : `${label(task_type)} ${status}`;
      return `    ${index.get(task_id)}["${label(task_name)}<br/>${below}"]${status === undefined ? '' : `:::${status}`}`;
    }),
    ...graph.edges.map((edge) => `    ${index.get(edge.from)} --> ${index.get(edge.to)}`),
    ...statuses.map((status) => {
      const [fill, stroke] = STATUS_COLOURS[status] ?? ['#ffffff', '#000000'];
      return `    classDef ${status} fill:${fill},stroke:${stroke}`;
    }),
    ...(thick.length > 0 ? [`    linkStyle ${thick.join(',')} stroke-width:3px`] : []),
    '',
  ].join('\n');
}

/** Text of somebody else in quotes of Mermaid. */
export function label(text: string): string {
  return text.replace(/[^\p{L}\p{N} ._-]/gu, (c) => `#${c.codePointAt(0)};`);
}
