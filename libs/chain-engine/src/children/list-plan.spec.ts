import { describe, expect, it } from '@jest/globals';
import { FOR_EACH, type JsonValue } from '#libs/chain-domain';
import { sampleNewChain } from '#libs/testing';
import type { ChildPlan, NewTask } from '../commands/new-chain.js';
import { fillList } from './list-plan.js';

const plan = (
  forEach: Partial<ChildPlan['forEach']> = {},
  params: JsonValue = { task_config: { result: ['${params.item}', '${params.index}', '${params.ref_0}'] } },
): ChildPlan => {
  const made = sampleNewChain([[], [0]]);
  const [instance, collector] = made.tasks as [NewTask, NewTask];
  const tasks = [
    { ...instance, taskId: 'e[0]', taskName: 'Each [0]', params },
    { ...collector, taskId: 'e', taskType: FOR_EACH },
  ];
  return {
    chain: { ...made, tasks },
    open: { item: {}, index: {}, ref_0: {} },
    forEach: { maxItems: 100, ...forEach },
  };
};
const filled = (of: ChildPlan, items: JsonValue) => fillList(of, 'e', { items, ref_0: 'r' });
const codeOf = (of: ChildPlan, items: JsonValue) => {
  const found = filled(of, items);
  return 'error' in found ? found.error.code : null;
};

describe('the chain of a list', () => {
  it('has an instance for each item, in order, and the task that collects', () => {
    const found = filled(plan({ atLeast: 0.5 }), ['x', { a: 1 }, '${tasks.z.result}${']);
    const { tasks, chainType } = ('chain' in found && found.chain) || { tasks: [], chainType: '' };
    expect(chainType).toBe('chord');
    expect(
      tasks.map(({ taskId, taskName, predecessors, successors }) => ({ taskId, taskName, predecessors, successors })),
    ).toEqual([
      { taskId: 'e[0]', taskName: 'Each [0]', predecessors: [], successors: [3] },
      { taskId: 'e[1]', taskName: 'Each [1]', predecessors: [], successors: [3] },
      { taskId: 'e[2]', taskName: 'Each [2]', predecessors: [], successors: [3] },
      { taskId: 'e', taskName: 't1', predecessors: [0, 1, 2], successors: [] },
    ]);
    expect(tasks.map(({ params }) => params)).toEqual([
      { task_config: { result: ['x', 0, 'r'] } },
      { task_config: { result: [{ a: 1 }, 1, 'r'] } },
      // What an item brings is text.
      { task_config: { result: ['$${tasks.z.result}$${', 2, 'r'] } },
      { items: 3, at_least: 2 },
    ]);
    expect(tasks[3]!.dependsOn.map(({ taskId }) => taskId)).toEqual(['e[0]', 'e[1]', 'e[2]']);
  });

  it('is none where there are no items', () => {
    expect(filled(plan(), [])).toEqual({ chain: null });
  });

  it('is not made of a list with a fault', () => {
    expect(codeOf(plan(), { 0: 'a' })).toBe('NOT_A_LIST');
    expect(codeOf(plan(), null)).toBe('NOT_A_LIST');
    expect(codeOf(plan({ maxItems: 2 }), [1, 2])).toBeNull();
    expect(codeOf(plan({ maxItems: 2 }), [1, 2, 3])).toBe('TOO_MANY_ITEMS');
    expect(codeOf(plan({ atLeast: 2 }), [1])).toBe('TOO_FEW_SUCCEEDED');
    expect(codeOf(plan({ key: '${item.id}' }), [{ id: 'a' }, { id: 'a' }])).toBe('INVALID_PARAMS');
    expect(codeOf(plan({ key: '${item.id}' }), [{ id: 'a/b' }])).toBe('INVALID_PARAMS');
    expect(codeOf(plan({ key: '${item.id}' }), [{}])).toBe('INVALID_PARAMS');
    const delay = plan({}, { task_config: { delay_ms: '${params.item}' } });
    expect(codeOf(delay, [1, 2])).toBeNull();
    expect(codeOf(delay, [1, 'x'])).toBe('INVALID_PARAMS');
    const large = plan({}, { task_config: { result: ['${params.item}', '${params.item}'] } });
    expect(
      codeOf(
        large,
        Array.from({ length: 60 }, () => 'x'.repeat(100_000)),
      ),
    ).toBe('INVALID_PARAMS');
  });

  it('is not made of more parameters than a body may have, whatever a list of few words is put into', () => {
    const long = plan({ maxItems: 10_000 }, { task_config: { result: ['x'.repeat(50_000), '${params.item}'] } });
    const items = (count: number) => Array.from({ length: count }, (_, n) => n);
    expect([codeOf(long, items(150)), codeOf(long, items(250))]).toEqual([null, 'INVALID_PARAMS']);
  });

  it('hands each instance the artifacts that its own parameters name, and no others', () => {
    const [one, two] = ['artifact:c/a/x', 'artifact:c/b/y'];
    const handed = new Map([
      [one!, 'sha256:1'],
      [two!, null],
    ]);
    const of = plan({}, { task_config: { result: ['${params.item}'] } });
    const found = fillList(of, 'e', { items: [one!, two!, 'artifact:c/z/other'] }, handed);
    const { tasks } = ('chain' in found && found.chain) || { tasks: [] };
    expect(tasks.map((task) => task.handed)).toEqual([
      new Map([[one, 'sha256:1']]),
      new Map([[two, null]]),
      undefined,
      undefined,
    ]);
  });

  it('is not made where an instance could not wait', () => {
    const waiting = (taskType: string, config: JsonValue): ChildPlan => {
      const made = plan({}, { task_config: config });
      const [instance, collector] = made.chain.tasks as [NewTask, NewTask];
      return { ...made, chain: { ...made.chain, tasks: [{ ...instance, taskType }, collector] } };
    };
    const wait = waiting('wait', { seconds: '${params.item}' });
    const signal = waiting('signal', { name: 'go', key: '${params.item}' });
    const signOff = waiting('sign_off', { question: 'May it go?', who: ['${params.item}'] });
    expect([codeOf(wait, [1]), codeOf(wait, [1, -1])]).toEqual([null, 'INVALID_PARAMS']);
    expect([codeOf(signal, ['a']), codeOf(signal, ['a', null])]).toEqual([null, 'INVALID_PARAMS']);
    expect([codeOf(signOff, ['role:admin']), codeOf(signOff, ['nobody'])]).toEqual([null, 'INVALID_PARAMS']);
  });
});
