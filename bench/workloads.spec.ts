import { describe, expect, it } from '@jest/globals';
import { figureOf, GRAPH_WORKLOADS, isTree, mesh, taskCount, type Graph } from './workloads.js';

const workload = (id: string) => GRAPH_WORKLOADS.find((each) => each.id === id)!;

/** The longest path, ms. */
function criticalMs(graph: Graph): number {
  const ends: number[] = [];
  for (const { parents, delayMs } of graph) ends.push(Math.max(0, ...parents.map((parent) => ends[parent]!)) + delayMs);
  return Math.max(...ends);
}

describe('workloads', () => {
  it('have the sizes that their titles say', () => {
    const counts = GRAPH_WORKLOADS.map((each) => [each.id, taskCount(each)]);
    expect(Object.fromEntries(counts)).toEqual({ W1: 100, W2: 1001, W3: 200, W4: 2000, W4x5: 10_000, W5: 6, W5n: 5 });
    expect(workload('W3').chains[0]!.reduce((edges, { parents }) => edges + parents.length, 0)).toBe(3600);
  });

  it('name parents before children, and end with their last task', () => {
    for (const { chains } of GRAPH_WORKLOADS) {
      for (const graph of new Set(chains)) {
        graph.forEach(({ parents }, i) => expect(parents.every((parent) => parent >= 0 && parent < i)).toBe(true));
        const last = graph.length - 1;
        const ends = graph.flatMap((_, i) => (graph.some(({ parents }) => parents.includes(i)) ? [] : [i]));
        expect(ends).toContain(last);
      }
    }
  });

  it('of one size have two parents in the layer before', () => {
    const parents = mesh(300, 100).map((each) => each.parents);
    expect([parents[99], parents[100], parents[199], parents[250]]).toEqual([[], [0, 1], [99, 0], [150, 151]]);
  });

  it('know their ideal time', () => {
    for (const { chains, idealMs } of GRAPH_WORKLOADS) if (idealMs) expect(criticalMs(chains[0]!)).toBe(idealMs);
  });

  it('know what a tree is', () => {
    expect(GRAPH_WORKLOADS.filter(({ chains }) => chains.every(isTree)).map(({ id }) => id)).toEqual([
      'W1',
      'W2',
      'W4',
      'W4x5',
    ]);
  });

  it('tell a time in their unit', () => {
    expect(figureOf(workload('W1'), 150)).toBe(1.5);
    expect(figureOf(workload('W4'), 400)).toBe(5000);
    expect(figureOf(workload('W5'), 72)).toBe(72);
  });
});
