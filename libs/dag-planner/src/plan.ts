/**
 * The planner: what a chain's graph is, or all that is wrong with it.
 *
 * P1 All faults are reported at once; a plan exists if and only if there is no fault.
 * P2  In `order` each task comes after all its dependencies, and a list already in such an order keeps it.
 * P3  A task's level is 0 without dependencies, else one more than the highest level among them. Levels are for
 *     drawing; nothing waits for a level.
 * P4  Starting a task whenever its predecessors are done finishes every task, in whatever order they finish.
 * P5  The plan depends on the input alone; nothing here recurses, so depth has no limit but MAX_TASKS.
 */
import { ancestry } from './ancestry.js';
import { findCycles } from './cycles.js';
import { type Graph, type GraphFault, MAX_TASKS, type PlanNode, readGraph } from './read-graph.js';
import { topologicalOrder } from './topological-order.js';

/**
 * `sequential`: one path, also a single task. `parallel`: no edge. `chord`: all tasks but one, at least two, are
 * independent, and that one depends on all of them. `complex`: the rest.
 */
export type ChainType = 'sequential' | 'parallel' | 'chord' | 'complex';

/** The heaviest path: its positions in running order and the sum of their weights. */
export interface CriticalPath {
  readonly positions: readonly number[];
  readonly length: number;
}

/** A faultless graph. A position is a task's place in the input list. */
export interface Plan {
  /** All positions, dependencies first (P2). */
  readonly order: readonly number[];
  /** Level of each position (P3). */
  readonly level: readonly number[];
  /** Task ids by level, in input order. */
  readonly levels: readonly (readonly string[])[];
  /** Positions that wait for each position, ascending. */
  readonly successors: readonly (readonly number[])[];
  /** Positions that each position waits for, in the order in which it names them. */
  readonly predecessors: readonly (readonly number[])[];
  readonly chainType: ChainType;
  /** `weights` by position, zero or more each, such as expected seconds; 1 each without them. The first of equals. */
  criticalPath(weights?: readonly number[]): CriticalPath;
  /** Whether position `b` depends on position `a`, directly or not. Constant time after the first call. */
  isAncestor(a: number, b: number): boolean;
}

export type PlanResult =
  { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly faults: readonly GraphFault[] };

const IDS_IN_MESSAGE = 20;

/** Plans a chain of 1 to MAX_TASKS tasks, or returns all its faults (P1). Never throws. */
export function plan(nodes: readonly PlanNode[]): PlanResult {
  if (nodes.length === 0) {
    return refused([{ code: 'NO_TASKS', taskIds: [], message: 'A chain has at least one task.' }]);
  }
  if (nodes.length > MAX_TASKS) {
    const message = `A chain has at most ${MAX_TASKS} tasks; this one has ${nodes.length}.`;
    return refused([{ code: 'TOO_MANY_TASKS', taskIds: [], message }]);
  }
  const { graph, faults } = readGraph(nodes);
  const order = topologicalOrder(graph);
  if (order.length < nodes.length) faults.push(...findCycles(graph).map((cycle) => cycleFault(nodes, cycle)));
  return faults.length > 0 ? refused(faults) : { ok: true, plan: planOf(graph, order) };
}

const refused = (faults: readonly GraphFault[]): PlanResult => ({ ok: false, faults });

function cycleFault(nodes: readonly PlanNode[], cycle: readonly number[]): GraphFault {
  const taskIds = cycle.map((position) => nodes[position]!.id);
  const named = taskIds.slice(0, IDS_IN_MESSAGE).map((id) => `"${id}"`);
  if (taskIds.length > IDS_IN_MESSAGE) named.push(`... ${taskIds.length - IDS_IN_MESSAGE} more ...`);
  const message = `These tasks wait for each other in a cycle: ${named.join(' -> ')} -> "${taskIds[0]}".`;
  const nodeIndex = cycle[0]!;
  const dependencyIndex = nodes[nodeIndex]!.dependsOn.indexOf(taskIds.at(-1)!);
  return { code: 'CYCLE', nodeIndex, dependencyIndex, taskIds, message };
}

function planOf(graph: Graph, order: readonly number[]): Plan {
  const { ids, predecessors, successors } = graph;
  const level = new Array<number>(ids.length).fill(0);
  for (const position of order) {
    for (const before of predecessors[position]!) level[position] = Math.max(level[position]!, level[before]! + 1);
  }
  const levels: string[][] = [];
  level.forEach((at, position) => (levels[at] ??= []).push(ids[position]!));
  return {
    order,
    level,
    levels: Array.from(levels),
    successors,
    predecessors,
    chainType: chainTypeOf(predecessors, levels.length),
    criticalPath: (weights) => criticalPath(graph, order, weights),
    isAncestor: ancestry(graph, order),
  };
}

function chainTypeOf(predecessors: Graph['predecessors'], depth: number): ChainType {
  const tasks = predecessors.length;
  const edges = predecessors.reduce((sum, before) => sum + before.length, 0);
  // As many levels as tasks put one task on each level, and one edge fewer than tasks then leaves only the path.
  if (depth === tasks && edges === tasks - 1) return 'sequential';
  if (edges === 0) return 'parallel';
  if (edges === tasks - 1 && predecessors.some((before) => before.length === tasks - 1)) return 'chord';
  return 'complex';
}

function criticalPath({ predecessors }: Graph, order: readonly number[], weights?: readonly number[]): CriticalPath {
  const heaviest = new Float64Array(predecessors.length);
  const cameFrom = new Int32Array(predecessors.length).fill(-1);
  const beats = (a: number, b: number) =>
    b === -1 || heaviest[a]! > heaviest[b]! || (heaviest[a] === heaviest[b] && a < b);
  let end = -1;
  for (const position of order) {
    for (const before of predecessors[position]!) {
      if (beats(before, cameFrom[position]!)) cameFrom[position] = before;
    }
    const from = cameFrom[position]!;
    heaviest[position] = (from === -1 ? 0 : heaviest[from]!) + (weights?.[position] ?? 1);
    if (beats(position, end)) end = position;
  }
  const positions: number[] = [];
  for (let position = end; position !== -1; position = cameFrom[position]!) positions.push(position);
  return { positions: positions.reverse(), length: heaviest[end]! };
}
