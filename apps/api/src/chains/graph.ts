import { plan } from '#libs/dag-planner';
import type { ChainView, TaskView } from '#libs/repositories';
import type { GraphDto } from './chains.dto.js';

/** A chain's graph with the present statuses. */
export function graphOf(chain: ChainView, tasks: readonly TaskView[]): GraphDto {
  const planned = plan(tasks.map((task) => ({ id: task.task_id, dependsOn: task.depends_on })));
  if (!planned.ok) throw new Error(`the stored graph of ${chain.chain_id} has faults: ${planned.faults[0]?.message}`);
  const path = planned.plan.criticalPath();
  return {
    chain_id: chain.chain_id,
    chain_type: chain.chain_type,
    nodes: tasks.map(({ task_id, task_name, task_type, status, level }) => ({
      task_id,
      task_name,
      task_type,
      status,
      level,
    })),
    edges: tasks.flatMap((task) => task.depends_on.map((from) => ({ from, to: task.task_id }))),
    levels: planned.plan.levels,
    critical_path: path.positions.map((position) => tasks[position]!.task_id),
  };
}

/** As a Mermaid flowchart. Names are quoted and escaped: they are the user's. */
export function toMermaid(graph: GraphDto): string {
  const index = new Map(graph.nodes.map((node, i) => [node.task_id, `t${i}`]));
  const label = (text: string): string => text.replace(/[^\p{L}\p{N} ._-]/gu, (c) => `#${c.codePointAt(0)};`);
  return [
    'flowchart LR',
    ...graph.nodes.map(
      (n) => `    ${index.get(n.task_id)}["${label(n.task_name)}<br/>${n.task_type} ${n.status}"]:::${n.status}`,
    ),
    ...graph.edges.map((edge) => `    ${index.get(edge.from)} --> ${index.get(edge.to)}`),
    '    classDef SUCCESS fill:#d9f2d9,stroke:#2e7d32',
    '    classDef FAILURE fill:#fbdada,stroke:#c62828',
    '    classDef RUNNING fill:#dbe9ff,stroke:#1565c0',
    '',
  ].join('\n');
}

/** As Graphviz DOT. */
export function toDot(graph: GraphDto): string {
  const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&').replace(/\s+/g, ' ')}"`;
  return [
    'digraph chain {',
    '  rankdir=LR; node [shape=box];',
    ...graph.nodes.map(
      (node) => `  ${quote(node.task_id)} [label=${quote(`${node.task_name} (${node.task_type}, ${node.status})`)}];`,
    ),
    ...graph.edges.map((edge) => `  ${quote(edge.from)} -> ${quote(edge.to)};`),
    '}',
    '',
  ].join('\n');
}
