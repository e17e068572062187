import { describe, expect, it } from '@jest/globals';
import { cpuMsOf } from '#libs/testing';
import { type Plan, plan } from './plan.js';
import { type GraphFault, MAX_TASKS, type PlanNode } from './read-graph.js';

/** `graph('a', 'b:a', 'c:a,b')`: task c depends on a and b. */
const graph = (...lines: string[]): PlanNode[] =>
  lines.map((line) => {
    const [id, list] = line.split(':');
    return { id: id!, dependsOn: list ? list.split(',') : [] };
  });
const planned = (nodes: readonly PlanNode[]): Plan => {
  const result = plan(nodes);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.plan;
};
const faultsOf = (nodes: readonly PlanNode[]): readonly GraphFault[] => {
  const result = plan(nodes);
  return result.ok ? [] : result.faults;
};
const path = (count: number): PlanNode[] =>
  Array.from({ length: count }, (_, i) => ({ id: `t${i}`, dependsOn: i === 0 ? [] : [`t${i - 1}`] }));

describe('a faultless graph', () => {
  it('is planned by position, level and id', () => {
    const result = planned(graph('d:b,c', 'b:a', 'c:a', 'a'));
    expect(result.order).toEqual([3, 1, 2, 0]);
    expect(result.level).toEqual([2, 1, 1, 0]);
    expect(result.levels).toEqual([['a'], ['b', 'c'], ['d']]);
    expect(result.predecessors).toEqual([[1, 2], [3], [3], []]);
    expect(result.successors).toEqual([[], [0], [0], [1, 2]]);
  });

  it('keeps the order of a list that can run as it is', () => {
    expect(planned(graph('a', 'z', 'b:a', 'y:z', 'c:b')).order).toEqual([0, 1, 2, 3, 4]);
  });

  it('keeps the order in which a task names its dependencies', () => {
    expect(planned(graph('a', 'b', 'c:b,a')).predecessors[2]).toEqual([1, 0]);
  });

  for (const [chainType, nodes] of [
    ['sequential', graph('a')],
    ['sequential', graph('b:a', 'a')],
    ['parallel', graph('a', 'b')],
    ['chord', graph('a', 'b', 'c:a,b')],
    ['chord', graph('c:b,a', 'a', 'b')],
    ['complex', graph('a', 'b:a', 'c:a,b')],
    ['complex', graph('a', 'b:a', 'c:a')],
    ['complex', graph('a', 'b', 'c', 'd:a,b')],
    ['complex', graph('a', 'b', 'c:b')],
  ] as const) {
    it(`of ${nodes.map(({ id, dependsOn }) => `${id}(${dependsOn})`).join(' ')} is ${chainType}`, () => {
      expect(planned(nodes).chainType).toBe(chainType);
    });
  }

  it('knows its critical path, by count and by weight', () => {
    const result = planned(graph('a', 'b:a', 'c:b', 'x:a', 'end:c,x'));
    expect(result.criticalPath()).toEqual({ positions: [0, 1, 2, 4], length: 4 });
    expect(result.criticalPath([1, 1, 1, 9, 1])).toEqual({ positions: [0, 3, 4], length: 11 });
    expect(planned(graph('a', 'b')).criticalPath()).toEqual({ positions: [0], length: 1 });
  });

  it('knows ancestors', () => {
    const { isAncestor } = planned(graph('a', 'b:a', 'c:b', 'x'));
    expect([isAncestor(0, 2), isAncestor(1, 2), isAncestor(2, 0), isAncestor(2, 2), isAncestor(3, 2)]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('takes ids that are names of object properties', () => {
    expect(planned(graph('__proto__', 'constructor:__proto__')).chainType).toBe('sequential');
    expect(faultsOf(graph('a:toString'))[0]?.code).toBe('MISSING_DEPENDENCY');
  });
});

describe('a faulty graph', () => {
  it('reports all its faults at once, each with its place', () => {
    const faults = faultsOf(graph('a', 'a', 'b:b', 'c:nowhere', 'd:a,a', 'x:y', 'y:x'));
    expect(faults.map(({ code, nodeIndex, dependencyIndex }) => [code, nodeIndex, dependencyIndex])).toEqual([
      ['DUPLICATE_TASK_ID', 1, undefined],
      ['SELF_DEPENDENCY', 2, 0],
      ['MISSING_DEPENDENCY', 3, 0],
      ['DUPLICATE_DEPENDENCY', 4, 1],
      ['CYCLE', 5, 0],
    ]);
    expect(faults[2]?.message).toBe('Task "c" depends on "nowhere", which is not a task of this chain.');
    expect(faults[4]?.message).toBe('These tasks wait for each other in a cycle: "x" -> "y" -> "x".');
  });

  it('names a short cycle of a large component, in running order', () => {
    const faults = faultsOf(graph('a:f', 'b:a', 'c:b', 'd:c,e', 'e:d', 'f:e'));
    expect(faults.map(({ taskIds }) => taskIds)).toEqual([['d', 'e']]);
  });

  it('reports each component once', () => {
    expect(faultsOf(graph('a:b', 'b:a,c', 'c:b', 'x:y', 'y:x', 'z:x')).map(({ taskIds }) => taskIds)).toEqual([
      ['a', 'b'],
      ['x', 'y'],
    ]);
  });

  it('shortens the message about a long cycle', () => {
    const nodes = path(MAX_TASKS).map((node, i) => (i === 0 ? { ...node, dependsOn: [`t${MAX_TASKS - 1}`] } : node));
    const [fault] = faultsOf(nodes);
    expect(fault?.taskIds).toHaveLength(MAX_TASKS);
    expect(fault?.message).toContain('"t19" -> ... 9980 more ... -> "t0"');
  });

  it('has 1 to 10,000 tasks', () => {
    expect(faultsOf([]).map(({ code }) => code)).toEqual(['NO_TASKS']);
    expect(faultsOf(path(MAX_TASKS))).toEqual([]);
    expect(faultsOf(path(MAX_TASKS + 1)).map(({ code }) => code)).toEqual(['TOO_MANY_TASKS']);
  });
});

describe('a large graph', () => {
  /** 10 dependencies each on tasks some way back, so that the closure is dense. */
  const wide = Array.from({ length: MAX_TASKS }, (_, i) => ({
    id: `task-${i}`,
    dependsOn: [...new Set(Array.from({ length: 10 }, (_, k) => i - 1 - k * 7).filter((d) => d >= 0))].map(
      (d) => `task-${d}`,
    ),
  }));
  it('of 10,000 tasks and 100,000 edges is planned quickly', () => {
    expect(cpuMsOf(() => planned(wide))).toBeLessThan(1000);
    const result = planned(wide);
    expect(cpuMsOf(() => result.isAncestor(0, MAX_TASKS - 1))).toBeLessThan(1000);
    const many = () => wide.forEach((_, i) => result.isAncestor(i, MAX_TASKS - 1 - i));
    expect(cpuMsOf(many)).toBeLessThan(1000);
    expect(cpuMsOf(() => result.criticalPath())).toBeLessThan(1000);
  });

  it('that is one component of dense cycles is refused quickly', () => {
    const nodes = wide.map((node, i) => (i === 0 ? { ...node, dependsOn: [`task-${MAX_TASKS - 1}`] } : node));
    expect(cpuMsOf(() => expect(faultsOf(nodes)).toHaveLength(1))).toBeLessThan(2000);
  });
});
