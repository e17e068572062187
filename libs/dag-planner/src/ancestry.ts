import type { Graph } from './read-graph.js';

/**
 * Answers "is `a` an ancestor of `b`?" in constant time. The first question builds one bit row per task (12.5 MB and
 * under 100 ms at 10,000 tasks with 100,000 edges); a plan that is never asked pays nothing.
 */
export function ancestry(graph: Graph, order: readonly number[]): (a: number, b: number) => boolean {
  const words = (graph.ids.length + 31) >>> 5;
  let rows: Uint32Array | undefined;
  const build = () => {
    const bits = new Uint32Array(words * graph.ids.length);
    for (const position of order) {
      const row = position * words;
      for (const before of graph.predecessors[position]!) {
        const from = before * words;
        for (let word = 0; word < words; word++) bits[row + word]! |= bits[from + word]!;
        bits[row + (before >>> 5)]! |= 1 << (before & 31);
      }
    }
    return bits;
  };
  return (a, b) => {
    rows ??= build();
    return (rows[b * words + (a >>> 5)]! & (1 << (a & 31))) !== 0;
  };
}
