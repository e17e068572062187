import type { Graph } from './read-graph.js';

/** Edges that the search for the shortest cycle may look at, over all components; past it, the best found so far stands. */
const SEARCH_BUDGET = 2_000_000;

/**
 * One cycle for each strongly connected component of more than one task, as positions in running order: each one
 * waits for the one before it and the first for the last. The shortest cycle of the component as far as the search budget goes.
 */
export function findCycles(graph: Graph): number[][] {
  const components = stronglyConnected(graph.successors).filter((members) => members.length > 1);
  components.forEach((members) => members.sort((a, b) => a - b));
  components.sort((a, b) => a[0]! - b[0]!);
  const budget = { left: SEARCH_BUDGET };
  return components.map((members) => shortestCycle(graph.successors, members, budget));
}

/** Tarjan's algorithm with its stack on the heap: a chain may be 10,000 tasks deep. */
function stronglyConnected(successors: Graph['successors']): number[][] {
  const count = successors.length;
  const index = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const nextEdge = new Int32Array(count);
  const onStack = new Uint8Array(count);
  const stack: number[] = [];
  const path: number[] = [];
  const components: number[][] = [];
  let counter = 0;
  const enter = (node: number) => {
    index[node] = low[node] = counter++;
    stack.push(node);
    onStack[node] = 1;
    path.push(node);
  };
  const leave = (node: number) => {
    path.pop();
    const parent = path.at(-1);
    if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[node]!);
    if (low[node] !== index[node]) return;
    const members = stack.splice(stack.lastIndexOf(node));
    for (const member of members) onStack[member] = 0;
    components.push(members);
  };
  for (let root = 0; root < count; root++) {
    if (index[root] === -1) enter(root);
    while (path.length > 0) {
      const node = path.at(-1)!;
      const next = successors[node]![nextEdge[node]!++];
      if (next === undefined) leave(node);
      else if (index[next] === -1) enter(next);
      else if (onStack[next]) low[node] = Math.min(low[node]!, index[next]!);
    }
  }
  return components;
}

function shortestCycle(
  successors: Graph['successors'],
  members: readonly number[],
  budget: { left: number },
): number[] {
  const inside = new Set(members);
  let best: number[] | undefined;
  for (const start of members) {
    if (best && (best.length === 2 || budget.left <= 0)) break;
    best = cycleThrough(successors, inside, start, best?.length ?? Infinity, budget) ?? best;
  }
  return best!;
}

/** Breadth first from `start` back to `start`; nothing where every cycle through it has `limit` members or more. */
function cycleThrough(
  successors: Graph['successors'],
  inside: ReadonlySet<number>,
  start: number,
  limit: number,
  budget: { left: number },
): number[] | undefined {
  const cameFrom = new Map<number, number>([[start, -1]]);
  let frontier = [start];
  for (let length = 1; frontier.length > 0 && length < limit; length++) {
    const next: number[] = [];
    for (const node of frontier) {
      budget.left -= successors[node]!.length;
      for (const successor of successors[node]!) {
        if (successor === start) return pathTo(node, cameFrom);
        if (!inside.has(successor) || cameFrom.has(successor)) continue;
        cameFrom.set(successor, node);
        next.push(successor);
      }
    }
    frontier = next;
  }
  return undefined;
}

function pathTo(end: number, cameFrom: ReadonlyMap<number, number>): number[] {
  const path: number[] = [];
  for (let node = end; node !== -1; node = cameFrom.get(node)!) path.push(node);
  return path.reverse();
}
