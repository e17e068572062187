/** One task as the planner sees it: its id and the ids of the tasks that it waits for. */
export interface PlanNode {
  readonly id: string;
  readonly dependsOn: readonly string[];
}

/** Tasks of one chain at most. */
export const MAX_TASKS = 10_000;

export type GraphFaultCode =
  | 'NO_TASKS'
  | 'TOO_MANY_TASKS'
  | 'DUPLICATE_TASK_ID'
  | 'SELF_DEPENDENCY'
  | 'MISSING_DEPENDENCY'
  | 'DUPLICATE_DEPENDENCY'
  | 'CYCLE';

/**
 * A fault of a graph. `nodeIndex` is the task's position in the input (absent where the list itself is at
 * fault), `dependencyIndex` the position in that task's `dependsOn`, so that a caller can point at the very word.
 * `taskIds` are the ids at fault; for a CYCLE its members, each one waiting for the one before it.
 */
export interface GraphFault {
  readonly code: GraphFaultCode;
  readonly nodeIndex?: number;
  readonly dependencyIndex?: number;
  readonly taskIds: readonly string[];
  readonly message: string;
}

/** The graph by position. `predecessors` keep the order in which a task names them; `successors` are ascending. */
export interface Graph {
  readonly ids: readonly string[];
  readonly predecessors: readonly (readonly number[])[];
  readonly successors: readonly (readonly number[])[];
}

/**
 * Turns ids into positions and reports every fault of a single entry. Entries at fault give no edge, and of doubled
 * ids the first one is meant, so that the rest of the graph can still be searched for cycles.
 */
export function readGraph(nodes: readonly PlanNode[]): { graph: Graph; faults: GraphFault[] } {
  const faults: GraphFault[] = [];
  const positionOf = new Map<string, number>();
  nodes.forEach(({ id }, nodeIndex) => {
    const first = positionOf.get(id);
    if (first === undefined) positionOf.set(id, nodeIndex);
    else {
      const message = `Task id "${id}" is used twice: by task ${first} and task ${nodeIndex} of the list.`;
      faults.push({ code: 'DUPLICATE_TASK_ID', nodeIndex, taskIds: [id], message });
    }
  });
  const successors: number[][] = nodes.map(() => []);
  const predecessors = nodes.map((node, nodeIndex) => {
    const before: number[] = [];
    const seen = new Set<string>();
    node.dependsOn.forEach((dependency, dependencyIndex) => {
      const fault = entryFault(node.id, dependency, seen, positionOf);
      seen.add(dependency);
      if (fault) {
        faults.push({ code: fault[0], nodeIndex, dependencyIndex, taskIds: [node.id, dependency], message: fault[1] });
        return;
      }
      const position = positionOf.get(dependency)!;
      before.push(position);
      successors[position]!.push(nodeIndex);
    });
    return before;
  });
  return { graph: { ids: nodes.map(({ id }) => id), predecessors, successors }, faults };
}

function entryFault(
  id: string,
  dependency: string,
  seen: ReadonlySet<string>,
  positionOf: ReadonlyMap<string, number>,
): [GraphFaultCode, string] | undefined {
  if (seen.has(dependency)) return ['DUPLICATE_DEPENDENCY', `Task "${id}" names its dependency "${dependency}" twice.`];
  if (dependency === id) return ['SELF_DEPENDENCY', `Task "${id}" depends on itself.`];
  if (positionOf.has(dependency)) return undefined;
  return ['MISSING_DEPENDENCY', `Task "${id}" depends on "${dependency}", which is not a task of this chain.`];
}
