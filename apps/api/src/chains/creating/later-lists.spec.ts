import { describe, expect, it } from '@jest/globals';
import { readScripts } from '#libs/compute';
import { Catalogue } from '../../catalogue/catalogue.js';
import { readChain } from './chain-input.js';
import { newChainOf } from './new-chain.js';

type Body = Record<string, unknown>;
const catalogue = new Catalogue(true, readScripts(undefined));
const plain = (task_id: string, task_config: Body = {}, more: Body = {}): Body => ({
  ...{ task_id, task_type: 'diagnostic', depends_on: [], task_params: { task_config } },
  ...more,
});
const body = (...tasks: Body[]): Body => ({ chain_name: 'outer', tasks });
const ITEMS = '${tasks.a.result.result.items}';
const each = (for_each: unknown, config: Body = {}, more: Body = {}): Body =>
  plain('e', config, { depends_on: ['a'], for_each, ...more });
const made = (value: Body) => {
  const read = readChain(value, catalogue);
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return newChainOf(read.chain, { actor: 'key:1', party: 'alice', isAdmin: false });
};
const faultsOf = (value: Body) => {
  const read = readChain(value, catalogue);
  return read.ok ? [] : read.faults.map(({ code, pointer }) => `${code} ${pointer ?? '-'}`);
};

describe('for_each over a result', () => {
  it('is one task, which runs a chain with one instance for all', () => {
    const config = { result: ['${item.n}', '${index}', 'no ${item}: $${item}', '${tasks.a.result.task_id}'] };
    const more = { timeout: 9, when: 'tasks.a.result.ok', tolerable: true };
    const outer = {
      ...body(plain('a'), each({ items: ITEMS, key: '${item.id}', max_parallel: 2, at_least: 0.5 }, config, more)),
      options: { stop_on_error: false, max_parallel: 3, concurrency_key: 'k' },
    };
    const [, task] = made(outer).tasks;
    expect(task).toMatchObject({
      ...{ taskId: 'e', taskType: 'for_each', conditions: ['tasks.a.result.ok'], tolerable: true, referenced: [0] },
      params: { task_config: { args: { items: ITEMS, ref_0: '${tasks.a.result.task_id}' } } },
      timeoutSeconds: null,
    });
    const { chain, open, forEach } = task!.child!;
    expect(forEach).toEqual({ maxItems: 100, key: '${item.id}', maxParallel: 2, atLeast: 0.5 });
    expect(Object.keys(open)).toEqual(['item', 'index', 'ref_0']);
    // The chain around it has a place of its key already.
    expect(chain).toMatchObject({ chainName: 'outer: e', stopOnError: false, maxParallel: 3, concurrency: null });
    expect(chain.outputs).toEqual({ results: { task_id: 'e', path: [] } });
    const [instance, collector] = chain.tasks;
    expect(instance).toMatchObject({
      ...{ taskId: 'e[0]', taskType: 'diagnostic', timeoutSeconds: 9, tolerable: true, predecessors: [] },
      ...{ conditions: [], concurrency: { key: 'e', limit: 2, inChain: true } },
      params: {
        task_config: {
          result: ['${params.item.n}', '${params.index}', 'no ${params.item}: $${item}', '${params.ref_0}'],
        },
      },
    });
    expect(collector).toMatchObject({ taskId: 'e', taskType: 'for_each', tolerable: false, predecessors: [0] });
  });

  it('runs a chain for each item, whose values are the items', () => {
    const inner = {
      params: { type: 'object', properties: { n: { type: 'integer' } } },
      tasks: [plain('b', { result: '${params.n}' })],
    };
    const config = { chain: inner, args: { n: '${item}' } };
    const { child } = made(body(plain('a'), each(ITEMS, config, { task_type: 'chain' }))).tasks[1]!;
    const [instance] = child!.chain.tasks;
    expect(instance).toMatchObject({ taskType: 'chain', params: { task_config: { args: { n: '${params.item}' } } } });
    expect(instance!.child!.open).toEqual({ n: { type: 'integer' } });
  });

  it('stands in a chain whose parameter is the list', () => {
    const inner = {
      params: { type: 'object', properties: { list: { type: 'array' } } },
      tasks: [plain('e', { result: '${item}' }, { for_each: '${params.list}' })],
    };
    const task = plain('sub', { chain: inner, args: { list: ITEMS } }, { task_type: 'chain', depends_on: ['a'] });
    const [each] = made(body(plain('a'), task)).tasks[1]!.child!.chain.tasks;
    expect(each).toMatchObject({
      taskType: 'for_each',
      params: { task_config: { args: { items: '${params.list}' } } },
    });
  });

  it('has its faults where they stand', () => {
    const of = (for_each: unknown, config: Body = {}, more: Body = {}) =>
      faultsOf(body(plain('a'), each(for_each, config, more)));
    expect(of(ITEMS, { result: '${item}' })).toEqual([]);
    expect(of(ITEMS, {}, { depends_on: [] })).toEqual(['REFERENCE_NOT_ANCESTOR /tasks/1/for_each']);
    expect(of({ items: '${tasks.z.result}' })).toEqual(['REFERENCE_UNKNOWN_TASK /tasks/1/for_each/items']);
    expect(of(ITEMS, { result: ['${tasks.z.result}'] })).toEqual([
      'REFERENCE_UNKNOWN_TASK /tasks/1/task_params/task_config/result/0',
    ]);
    expect(of(ITEMS, { result: '${item..x}' })).toEqual([
      'MALFORMED_REFERENCE /tasks/1/task_params/task_config/result',
    ]);
    expect(of(ITEMS, { delay_ms: 'x' })).toEqual(['INVALID_PARAMS /tasks/1/task_params/task_config/delay_ms']);
    expect(of(ITEMS, {}, { task_type: 'nothing' })).toEqual(['UNKNOWN_TASK_TYPE /tasks/1/task_type']);
    expect(of(ITEMS, { result: '${tasks.a.party_results.alice.x}' })).toEqual([
      'PARTY_RESULT_NOT_ALLOWED /tasks/1/task_params/task_config/result',
    ]);
    const chain = { tasks: [plain('b')] };
    expect(of(ITEMS, { chain }, { task_type: 'chain', repeat: { until: 'true', max: 2 } })).toEqual([
      'INVALID_VALUE /tasks/1/repeat',
    ]);
    expect(of(ITEMS, {}, { compensate_with: plain('x') })).toContain('INVALID_VALUE /tasks/1/compensate_with');
    expect(of({ items: ITEMS, max_parallel: 2 }, {}, { concurrency_key: 'k' })).toContain(
      'CONCURRENCY_TWICE /tasks/1/for_each/max_parallel',
    );
    expect(of({ items: ITEMS, max_parallel: 2 }, { seconds: 1 }, { task_type: 'wait' })).toContain(
      'NOT_FOR_CONTROL_TASKS /tasks/1/concurrency_key',
    );
  });

  it('reserves what its instances, and children, have at once', () => {
    const inner = { tasks: [plain('b'), plain('c')] };
    const repeat = { until: 'false', max: 9 };
    const turns = plain('t', { chain: inner }, { task_type: 'chain', repeat });
    const of = (...tasks: Body[]) => made(body(plain('a'), ...tasks)).childTasks;
    expect(of()).toBe(0);
    expect(of(turns)).toBe(2);
    expect(of(each({ items: ITEMS, max_items: 7 }))).toBe(8);
    expect(of(turns, each({ items: ITEMS, max_items: 7 }, { chain: inner }, { task_type: 'chain' }))).toBe(
      2 + 1 + 7 * 3,
    );
  });

  it('counts with all items that there may be', () => {
    const of = (max_items: number, config: Body = {}, more: Body = {}) =>
      faultsOf(body(plain('a'), each({ items: ITEMS, max_items }, config, more)));
    // Beside `a`, the task itself, and the one that collects in its chain.
    expect(of(9_997)).toEqual([]);
    expect(of(9_998)).toEqual(['TOO_MANY_TASKS /tasks/1/for_each']);
    const chain = { tasks: [plain('b')] };
    expect(of(4_998, { chain }, { task_type: 'chain' })).toEqual([]);
    expect(of(4_999, { chain }, { task_type: 'chain' })).toEqual(['TOO_MANY_TASKS /tasks/1/for_each']);
    const turns = (max: number) =>
      plain(
        't',
        {
          chain: body(
            plain('u', { chain: body(plain('v')) }, { task_type: 'chain', repeat: { until: 'false', max: 100 } }),
          ),
        },
        { task_type: 'chain', repeat: { until: 'false', max } },
      );
    expect(faultsOf(body(turns(90)))).toEqual([]);
    expect(faultsOf(body(turns(100)))).toEqual(['TOO_MANY_TASKS /tasks/0/task_params/task_config']);
  });

  it('says how to read one result of it, which is no task of the chain', () => {
    const read = readChain(
      body(plain('a'), each(ITEMS), plain('z', { result: '${tasks.e[2].result.n}' }, { depends_on: ['e'] })),
      catalogue,
    );
    expect(read).toMatchObject({
      ok: false,
      faults: [{ code: 'REFERENCE_UNKNOWN_TASK', message: expect.stringContaining('are ${tasks.e.result[2]}.') }],
    });
  });
});
