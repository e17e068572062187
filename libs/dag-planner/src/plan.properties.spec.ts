import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ChainType, plan } from './plan.js';
import type { PlanNode } from './read-graph.js';

/** Any graph of up to 9 tasks: unknown names, doubled ids and entries, self-dependencies and cycles included. */
const anyGraph = fc.array(
  fc.record({
    id: fc.constantFrom(...'abcdefghi'),
    dependsOn: fc.array(fc.constantFrom(...'abcdefghi'), { maxLength: 3 }),
  }),
  { maxLength: 9 },
);
/** A graph without faults of up to 9 tasks, in any order of the list. */
const faultless = fc
  .integer({ min: 1, max: 9 })
  .chain((count) =>
    fc.tuple(
      fc.array(fc.boolean(), { minLength: count * count, maxLength: count * count }),
      fc.shuffledSubarray([...Array(count).keys()], { minLength: count, maxLength: count }),
    ),
  )
  .map(([edges, places]): PlanNode[] =>
    places.map((rank) => ({
      id: `t${rank}`,
      dependsOn: places.filter((other) => other < rank && edges[rank * places.length + other]).map((id) => `t${id}`),
    })),
  );

/** Floyd and Warshall over the entries that name an existing task; of doubled ids the first is meant. */
function reachability(nodes: readonly PlanNode[]): boolean[][] {
  const reach = nodes.map((_, from) =>
    nodes.map((to) => to.dependsOn.some((id) => firstOf(nodes, id) === from && id !== to.id)),
  );
  nodes.forEach((_, k) =>
    nodes.forEach((_, i) => nodes.forEach((_, j) => (reach[i]![j] ||= reach[i]![k]! && reach[k]![j]!))),
  );
  return reach;
}
const firstOf = (nodes: readonly PlanNode[], id: string) => nodes.findIndex((node) => node.id === id);
const positionsOf = (nodes: readonly PlanNode[], node: PlanNode) => node.dependsOn.map((id) => firstOf(nodes, id));

function levelByDefinition(nodes: readonly PlanNode[], position: number): number {
  return Math.max(-1, ...positionsOf(nodes, nodes[position]!).map((before) => levelByDefinition(nodes, before))) + 1;
}

function typeByDefinition(nodes: readonly PlanNode[], reach: boolean[][]): ChainType {
  const before = nodes.map((node) => node.dependsOn.length);
  const after = nodes.map((node) => nodes.filter(({ dependsOn }) => dependsOn.includes(node.id)).length);
  const comparable = nodes.every((_, i) => nodes.every((_, j) => i === j || reach[i]![j] || reach[j]![i]));
  if (comparable && [...before, ...after].every((count) => count <= 1)) return 'sequential';
  if (before.every((count) => count === 0)) return 'parallel';
  const joins = before.filter((count) => count > 0);
  return joins.length === 1 && joins[0] === nodes.length - 1 ? 'chord' : 'complex';
}

describe('plan', () => {
  it('finds a fault of each kind exactly where the definition does', () => {
    fc.assert(
      fc.property(anyGraph, (nodes) => {
        const result = plan(nodes);
        const expected = new Set<string>();
        if (nodes.length === 0) expected.add('NO_TASKS 0 0');
        const reach = reachability(nodes);
        nodes.forEach(({ id, dependsOn }, i) => {
          if (firstOf(nodes, id) < i) expected.add(`DUPLICATE_TASK_ID ${i} `);
          dependsOn.forEach((dependency, k) => {
            if (dependsOn.indexOf(dependency) < k) expected.add(`DUPLICATE_DEPENDENCY ${i} ${k}`);
            else if (dependency === id) expected.add(`SELF_DEPENDENCY ${i} ${k}`);
            else if (firstOf(nodes, dependency) === -1) expected.add(`MISSING_DEPENDENCY ${i} ${k}`);
          });
        });
        const faults = result.ok ? [] : result.faults;
        const entries = faults.filter(({ code }) => code !== 'CYCLE');
        expect(
          entries
            .map((f) =>
              f.nodeIndex === undefined ? `${f.code} 0 0` : `${f.code} ${f.nodeIndex} ${f.dependencyIndex ?? ''}`,
            )
            .sort(),
        ).toEqual([...expected].sort());

        const components = new Set(nodes.map((_, i) => nodes.findIndex((_, j) => reach[i]![j] && reach[j]![i])));
        components.delete(-1);
        const cycles = faults.filter(({ code }) => code === 'CYCLE');
        expect(cycles).toHaveLength(components.size);
        for (const { taskIds, nodeIndex, dependencyIndex } of cycles) {
          taskIds.forEach((id, i) => {
            expect(nodes[firstOf(nodes, id)]!.dependsOn).toContain(taskIds.at(i - 1));
          });
          expect(nodes[nodeIndex!]!.dependsOn[dependencyIndex!]).toBe(taskIds.at(-1));
          expect(new Set(taskIds).size).toBe(taskIds.length);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('gives order, levels, type and ancestors by their definitions', () => {
    fc.assert(
      fc.property(faultless, (nodes) => {
        const result = plan(nodes);
        if (!result.ok) throw new Error('refused');
        const { order, level, levels, chainType, isAncestor, predecessors, successors } = result.plan;
        const reach = reachability(nodes);
        expect(level).toEqual(nodes.map((_, i) => levelByDefinition(nodes, i)));
        expect(levels).toEqual(
          [...new Set(level)].sort().map((at) => nodes.filter((_, i) => level[i] === at).map(({ id }) => id)),
        );
        expect(chainType).toBe(typeByDefinition(nodes, reach));
        expect(nodes.map((_, a) => nodes.map((_, b) => isAncestor(a, b)))).toEqual(reach);
        expect(predecessors).toEqual(nodes.map((node) => positionsOf(nodes, node)));
        expect(successors).toEqual(
          nodes.map((_, a) => nodes.flatMap((_, b) => (predecessors[b]!.includes(a) ? [b] : []))),
        );
        const left = new Set(nodes.keys());
        for (const position of order) {
          const free = [...left].filter((i) => predecessors[i]!.every((before) => !left.has(before)));
          expect(position).toBe(Math.min(...free));
          left.delete(position);
        }
        expect(left.size).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('finishes in any completion order (P4)', () => {
    fc.assert(
      fc.property(faultless, fc.infiniteStream(fc.nat()), (nodes, choices) => {
        const result = plan(nodes);
        if (!result.ok) throw new Error('refused');
        const pending = result.plan.predecessors.map((before) => before.length);
        const running = [...nodes.keys()].filter((i) => pending[i] === 0);
        let finished = 0;
        while (running.length > 0) {
          const [done] = running.splice((choices.next().value as number) % running.length, 1);
          finished++;
          for (const next of result.plan.successors[done!]!) if (--pending[next]! === 0) running.push(next);
        }
        expect(finished).toBe(nodes.length);
      }),
    );
  });

  it('gives the heaviest of all paths as critical path', () => {
    fc.assert(
      fc.property(faultless, fc.array(fc.nat(9), { minLength: 9, maxLength: 9 }), (nodes, weights) => {
        const result = plan(nodes);
        if (!result.ok) throw new Error('refused');
        const heaviest = (i: number): number =>
          weights[i]! + Math.max(0, ...positionsOf(nodes, nodes[i]!).map(heaviest));
        const { positions, length } = result.plan.criticalPath(weights);
        expect(length).toBe(Math.max(...nodes.map((_, i) => heaviest(i))));
        expect(positions.reduce((sum, i) => sum + weights[i]!, 0)).toBe(length);
        positions.slice(1).forEach((i, k) => expect(result.plan.predecessors[i]).toContain(positions[k]));
      }),
    );
  });
});
