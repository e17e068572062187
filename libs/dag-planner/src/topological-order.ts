import type { Graph } from './read-graph.js';

/**
 * Positions such that every task comes after its dependencies and, of those that may come next, the first of the
 * input always does: a list already in a running order keeps it. Shorter than the graph where there is a cycle.
 */
export function topologicalOrder({ predecessors, successors }: Graph): number[] {
  const waitsFor = Int32Array.from(predecessors, (before) => before.length);
  const ready = new SmallestFirst();
  const order: number[] = [];
  waitsFor.forEach((count, position) => count === 0 && ready.add(position));
  for (let position = ready.take(); position !== undefined; position = ready.take()) {
    order.push(position);
    for (const successor of successors[position]!) {
      if (--waitsFor[successor]! === 0) ready.add(successor);
    }
  }
  return order;
}

/** A binary heap of positions. */
class SmallestFirst {
  private readonly heap: number[] = [];

  add(value: number): void {
    const { heap } = this;
    let at = heap.length;
    for (let parent = (at - 1) >> 1; at > 0 && heap[parent]! > value; parent = (at - 1) >> 1) {
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = value;
  }

  take(): number | undefined {
    const { heap } = this;
    const smallest = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return smallest;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= last) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return smallest;
  }
}
