/** A task of a workload: its parents by position, and how long it waits (0: it does nothing). */
export interface GraphTask {
  readonly parents: readonly number[];
  readonly delayMs: number;
}

/** A chain of a workload; a task's parents stand before it. The last task ends last. */
export type Graph = readonly GraphTask[];

/** The unit of a workload's wall time. Every figure but tasks/s is better when it is lower. */
export type Unit = 'ms/hop' | 'tasks/s' | 'ms';

/** What every contender runs: chains that are submitted at once, timed from before the first to the end of the last. */
export interface Workload {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly chains: readonly Graph[];
  /** What it would take if orchestration cost nothing, where that says something, ms. */
  readonly idealMs?: number;
}

const task = (delayMs: number, ...parents: number[]): GraphTask => ({ parents, delayMs });

/** `length` tasks, one after the other. */
export function sequence(length: number): Graph {
  return Array.from({ length }, (_, i) => (i === 0 ? task(0) : task(0, i - 1)));
}

/** `width` tasks beside each other, then one after all of them. */
export function fanIn(width: number): Graph {
  const all = Array.from({ length: width }, () => task(0));
  return [...all, task(0, ...all.keys())];
}

/** `layers` of `width` tasks, each after all of the layer before. */
function layered(layers: number, width: number): Graph {
  return Array.from({ length: layers * width }, (_, i) => {
    const above = Math.floor(i / width) - 1;
    return above < 0 ? task(0) : task(0, ...Array.from({ length: width }, (__, k) => above * width + k));
  });
}

/** `size` tasks in layers of `width`, each after the one above it and that one's neighbour. */
export function mesh(size: number, width: number): Graph {
  return Array.from({ length: size }, (_, i) => {
    const above = i - width;
    return above < 0 ? task(0) : task(0, above, above - (above % width) + ((above + 1) % width));
  });
}

/** A -> {B 50 ms; C1 -> C2 -> C3 of 20 ms each} -> D. */
const DIAMOND: Graph = [task(0), task(50, 0), task(20, 0), task(20, 2), task(20, 3), task(0, 1, 4)];

/** A 10, B 60; C 60 <- A; D 10 <- A, B; E <- C, D. */
const N_GRAPH: Graph = [task(10), task(60), task(60, 0), task(10, 0, 1), task(0, 2, 3)];

/** The workloads that every contender may run. */
export const GRAPH_WORKLOADS: readonly Workload[] = [
  { id: 'W1', title: 'a chain of 100', unit: 'ms/hop', chains: [sequence(100)] },
  { id: 'W2', title: '1,000 in parallel, then one', unit: 'tasks/s', chains: [fanIn(1000)] },
  { id: 'W3', title: '10 layers of 20, all to all', unit: 'tasks/s', chains: [layered(10, 20)] },
  { id: 'W4', title: '200 chains of 10 at once', unit: 'tasks/s', chains: Array<Graph>(200).fill(sequence(10)) },
  { id: 'W4x5', title: '1,000 chains of 10 at once', unit: 'tasks/s', chains: Array<Graph>(1000).fill(sequence(10)) },
  { id: 'W5', title: 'uneven diamond', unit: 'ms', chains: [DIAMOND], idealMs: 60 },
  { id: 'W5n', title: 'N graph', unit: 'ms', chains: [N_GRAPH], idealMs: 70 },
];

/** Tasks in all chains together. */
export function taskCount({ chains }: Workload): number {
  return chains.reduce((sum, graph) => sum + graph.length, 0);
}

/** A wall time in the workload's unit. */
export function figureOf(workload: Workload, ms: number): number {
  switch (workload.unit) {
    case 'ms/hop':
      return ms / taskCount(workload);
    case 'tasks/s':
      return taskCount(workload) / (ms / 1000);
    case 'ms':
      return ms;
  }
}

/** Whether every task has at most one successor: what a queue's flows can express. */
export function isTree(graph: Graph): boolean {
  const seen = new Set<number>();
  return graph.every(({ parents }) => parents.every((parent) => !seen.has(parent) && seen.add(parent)));
}

/** The workload of that id. */
export function graphWorkload(id: string): Workload {
  return GRAPH_WORKLOADS.find((each) => each.id === id)!;
}
