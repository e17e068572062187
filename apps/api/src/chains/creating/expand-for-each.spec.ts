import { describe, expect, it } from '@jest/globals';
import type { TaskCatalogue } from '../../catalogue/catalogue.js';
import { readChain } from './chain-input.js';
import type { ChainInput } from './chain-reading.js';

type Body = Record<string, unknown>;
const catalogue: TaskCatalogue = {
  types: ['any'],
  find: () => ({
    takesSecret: () => false,
    checkParams: ({ wrong }) => (wrong === undefined ? [] : [{ pointer: '/wrong', message: 'is wrong' }]),
  }),
};
const task = (task_id: string, more: Body = {}): Body => ({ task_id, task_type: 'any', task_params: {}, ...more });
const body = (tasks: Body[], more: Body = {}): Body => ({ chain_name: 'c', tasks, ...more });
const read = (of: Body): ChainInput => {
  const reading = readChain(of, catalogue);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  return reading.chain;
};
const faultsOf = (of: Body) => {
  const reading = readChain(of, catalogue);
  return reading.ok ? [] : reading.faults.map(({ code, pointer }) => `${code} ${pointer ?? '-'}`);
};
const each = (for_each: unknown, task_params: Body = { v: '${item}' }, more: Body = {}): Body =>
  task('e', { for_each, task_params, ...more });
const params = { type: 'object', properties: { list: { type: 'array', default: ['a', 'b${x'] } } };

describe('for_each', () => {
  it('is stored as an instance for each item, and the task itself, which collects', () => {
    const chain = read(
      body([task('z'), each('${params.list}', { v: '${item}', at: 'no ${index}: $${item}' }), task('n')], { params }),
    );
    expect(
      chain.tasks.map(({ taskId, taskType, dependsOn }) => [taskId, taskType, dependsOn.map((d) => d.taskId)]),
    ).toEqual([
      ['z', 'any', []],
      ['e[0]', 'any', ['z']],
      ['e[1]', 'any', ['z']],
      ['e', 'for_each', ['e[0]', 'e[1]']],
      ['n', 'any', ['e']],
    ]);
    const [, first, second, collects] = chain.tasks;
    expect(first!.params).toEqual({ v: 'a', at: 'no 0: $${item}' });
    // What a parameter brings is text: it stays escaped.
    expect(second!.params['v']).toBe('b$${x');
    expect(collects).toMatchObject({
      params: { items: 2 },
      triggerRule: 'none_failed_min_one_success',
      tolerable: false,
    });
    expect(chain.config).toMatchObject({ tasks: [{}, { task_id: 'e', for_each: expect.any(Array) }, {}] });
  });

  it('takes ids from items, gives them in batches, and puts parts of them in', () => {
    const items = [
      { id: 'x', n: [1] },
      { id: 7, n: [2] },
    ];
    const keyed = read(body([each({ items, key: '${item.id}' }, { n: '${item.n[0]}', is: 'n=${item.n}' })]));
    expect(keyed.tasks.map(({ taskId, params: p }) => [taskId, p])).toEqual([
      ['e[x]', { n: 1, is: 'n=[1]' }],
      ['e[7]', { n: 2, is: 'n=[2]' }],
      ['e', { items: 2 }],
    ]);
    const batched = read(body([each({ items: [1, 2, 3], batch: 2 })]));
    expect(batched.tasks.map(({ params: p }) => p)).toEqual([{ v: [1, 2] }, { v: [3] }, { items: 2 }]);
  });

  it('has its own limit, and how many must succeed', () => {
    const { tasks } = read(body([each({ items: [1, 2, 3], max_parallel: 2, at_least: 0.5 })]));
    expect(tasks[0]).toMatchObject({ concurrency: { key: 'e', limit: 2, inChain: true }, tolerable: true });
    expect(tasks[3]).toMatchObject({ concurrency: null, tolerable: false, params: { items: 3, at_least: 2 } });
  });

  it('of an empty list is a success of nothing, when the task would have run', () => {
    const { tasks } = read(body([task('z'), each([], {}, { when: 'tasks.z.result.ok' }), task('n')]));
    expect(tasks.map(({ taskId }) => taskId)).toEqual(['z', 'e', 'n']);
    expect(tasks[1]).toMatchObject({ taskType: 'for_each', params: { items: 0 }, conditions: ['tasks.z.result.ok'] });
    expect(tasks[1]!.dependsOn.map(({ taskId }) => taskId)).toEqual(['z']);
  });

  it('stands in arms of branches, ends chains, and is referred to', () => {
    const branch = [{ when: 'tasks.z.result.ok', then: ['e'] }];
    const end_chain = { when: 'size(tasks.e.result) == 0', status: 'SUCCESS' };
    const later = task('n', { task_params: { one: '${tasks.e.result[0].n}', own: '${tasks.e[1].result.n}' } });
    const { tasks } = read(body([task('z', { branch }), each([1, 2], {}, { end_chain }), later]));
    expect(tasks.slice(1, 3).map(({ conditions }) => conditions)).toEqual([
      ['tasks.z.result.ok'],
      ['tasks.z.result.ok'],
    ]);
    expect(tasks.map(({ endChain }) => endChain)).toEqual([null, null, null, end_chain, null]);
  });

  it('tells what is wrong once, at its place in the body', () => {
    expect(faultsOf(body([each([1, 2], { wrong: 1 })]))).toEqual(['INVALID_PARAMS /tasks/0/task_params/wrong']);
    expect(faultsOf(body([task('a'), each([1, 2], {}, { depends_on: ['x'] })]))).toEqual([
      'MISSING_DEPENDENCY /tasks/1/depends_on/0',
    ]);
    for (const [said, fault] of [
      ['${params.x}', 'UNKNOWN_PARAM /tasks/0/for_each'],
      ['${tasks.a.result}', 'REFERENCE_UNKNOWN_TASK /tasks/0/for_each'],
      [{ a: 1 }, 'REQUIRED /tasks/0/for_each/items'],
      [{ items: [1, 2], max_items: 1 }, 'OUT_OF_RANGE /tasks/0/for_each/items'],
      [{ items: [1, 2], at_least: 3 }, 'OUT_OF_RANGE /tasks/0/for_each/at_least'],
      [{ items: [1, 1], key: '${item}' }, 'DUPLICATE_KEY /tasks/0/for_each/key'],
      [{ items: ['a b'], key: '${item}' }, 'INVALID_VALUE /tasks/0/for_each/key'],
    ] as const) {
      expect(faultsOf(body([each(said)]))).toContain(fault);
    }
    expect(faultsOf(body([each([{ a: 1 }], { v: '${item.b}' })]))).toEqual(['NO_VALUE /tasks/0/task_params/v']);
    expect(faultsOf(body([task('e', { task_type: 'for_each' })]))).toEqual(['UNKNOWN_TASK_TYPE /tasks/0/task_type']);
  });

  it('has room for as many instances as a chain may have tasks', () => {
    const some = (n: number) => Array.from({ length: n }, (_, i) => i);
    expect(read(body([each(some(9_999))])).tasks).toHaveLength(10_000);
    expect(faultsOf(body([each(some(10_000))]))).toEqual(['TOO_MANY_TASKS /tasks/0/for_each']);
  });
});
