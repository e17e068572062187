import { describe, expect, it } from '@jest/globals';
import { MAX_TASKS } from '#libs/dag-planner';
import { readScripts } from '#libs/compute';
import { Catalogue } from '../../catalogue/catalogue.js';
import { readChain } from './chain-input.js';
import { newChainOf } from './new-chain.js';
import { MAX_GENERATIONS, OUTERMOST, templateKey, type TemplateChain } from './read-children.js';

const catalogue = new Catalogue(true, readScripts(undefined));
type Body = Record<string, unknown>;
const plain = (task_id: string, task_config: Body = {}, more: Body = {}): Body => ({
  ...{ task_id, task_type: 'diagnostic', depends_on: [], task_params: { task_config } },
  ...more,
});
const runs = (task_id: string, task_config: Body, more: Body = {}): Body =>
  plain(task_id, task_config, { task_type: 'chain', ...more });
const body = (...tasks: Body[]): Body => ({ chain_name: 'outer', tasks });
const params = (properties: Body): Body => ({ type: 'object', properties });

const templates = new Map<string, TemplateChain>([
  [
    templateKey({ template: 't-1' }),
    {
      chain: {
        ...body(plain('a', { secret: '${params.key}' })),
        params: params({ key: { type: 'string', 'x-secret': true } }),
      },
      template: { id: 't-1', version: 4 },
    },
  ],
]);
const reading = (value: Body) => readChain(value, catalogue, { ...OUTERMOST, templates });
const chainOf = (value: Body) => {
  const read = reading(value);
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return newChainOf(read.chain, { actor: 'key:1', party: 'alice', isAdmin: false });
};
const faultsOf = (value: Body) => {
  const read = reading(value);
  return read.ok ? [] : read.faults.map(({ code, pointer }) => `${code} ${pointer ?? '-'}`);
};
const AT = '/tasks/1/task_params/task_config';

describe('a chain in a chain', () => {
  it('is planned with the chain around it, whose values it gets, now or when it starts', () => {
    const inner = {
      params: params({ now: { type: 'integer' }, later: { type: 'integer', minimum: 3 }, word: { default: 'x' } }),
      outputs: { n: '${tasks.b.result.result}' },
      tasks: [
        plain('b', { result: ['${params.now}', '${params.later}', '${params.word} ${params.later}'] }),
        plain('c', { result: '${tasks.b.result}' }, { depends_on: ['b'] }),
      ],
    };
    const args = { now: 2, later: '${tasks.a.result.result}' };
    const outer = {
      ...body(plain('a'), runs('sub', { chain: inner, args }, { depends_on: ['a'], priority: 8 })),
      labels: { env: 'x' },
    };
    const made = chainOf(outer);
    expect(made.config).toMatchObject({ tasks: [{}, { task_params: { task_config: { chain: inner, args } } }] });
    const [, task] = made.tasks;
    expect(task).toMatchObject({ taskType: 'chain', params: { task_config: { args } }, referenced: [0] });
    const { chain, open } = task!.child!;
    expect(open).toEqual({ later: { type: 'integer', minimum: 3 } });
    expect(chain).toMatchObject({
      chainName: 'outer: sub',
      labels: { env: 'x' },
      proposer: 'alice',
      outputs: { n: { task_id: 'b' } },
    });
    expect(chain.tasks[0]).toMatchObject({
      priority: 8,
      params: { task_config: { result: [2, '${params.later}', 'x ${params.later}'] } },
    });
    expect(chain.tasks[1]).toMatchObject({
      predecessors: [0],
      params: { task_config: { result: '${tasks.b.result}' } },
    });
  });

  it('is that of a template, in one version, and names its secrets', () => {
    const task = runs('sub', { template: 't-1', args: { key: '${secrets.mine}' } });
    expect(chainOf(body(task)).tasks[0]!.child!.chain).toMatchObject({ template: { id: 't-1', version: 4 } });
    expect(reading(body(task)).secrets).toMatchObject([
      { name: 'mine', taskType: 'diagnostic', pointer: '/tasks/0/task_params/task_config/args/key' },
    ]);
    expect(faultsOf(body(plain('a'), runs('sub', { template: 't-1', args: { key: 'clear' } })))).toEqual([
      `INVALID_VALUE ${AT}/args/key`,
    ]);
    expect(faultsOf(body(plain('a'), runs('sub', { template: 't-2' })))).toEqual([`NOT_FOUND ${AT}/template`]);
  });

  it('has its faults where they stand', () => {
    const of = (chain: Body, args?: Body, more: Body = {}) =>
      faultsOf(body(plain('a'), runs('sub', { chain, ...(args && { args }) }, { depends_on: ['a'], ...more })));
    expect(of({ tasks: [plain('b', {}, { task_type: 'nothing' })] })).toEqual([
      `UNKNOWN_TASK_TYPE ${AT}/chain/tasks/0/task_type`,
    ]);
    expect(of({ tasks: [] })).toEqual([`NO_TASKS ${AT}/chain/tasks`]);
    // It sees nothing of the chain around it.
    expect(of({ tasks: [plain('b', { result: '${tasks.a.result}' })] })).toEqual([
      `REFERENCE_UNKNOWN_TASK ${AT}/chain/tasks/0/task_params/task_config/result`,
    ]);
    const one = { params: params({ n: { type: 'integer' } }), tasks: [plain('b', { result: '${params.n}' })] };
    expect(of(one, { n: 'one' })).toEqual([`INVALID_TYPE ${AT}/args/n`]);
    expect(of(one, { n: '${tasks.a.result}', m: '${tasks.a.result}' })).toEqual([`UNKNOWN_FIELD ${AT}/args/m`]);
    expect(of(one, { n: '${tasks.z.result}' })).toEqual([`REFERENCE_UNKNOWN_TASK ${AT}/args/n`]);
    expect(of({ ...one, execute: true })).toEqual([`UNKNOWN_FIELD ${AT}/chain/execute`]);
    expect(of(one, { n: 1 }, { timeout: 5 })).toEqual(['NOT_FOR_CONTROL_TASKS /tasks/1/timeout']);
    expect(faultsOf(body(plain('a'), runs('sub', {})))).toEqual([`INVALID_PARAMS ${AT}`]);
    expect(faultsOf(body(plain('a'), runs('sub', { chain: one, template: 't-1' })))).toEqual([`INVALID_PARAMS ${AT}`]);
  });

  it('runs in turns, which count as many chains and give values to each other', () => {
    const chain = {
      params: params({ n: { type: 'integer', default: 0 }, m: { type: 'integer' } }),
      outputs: { next: '${tasks.b.result.n}' },
      tasks: [plain('b', { result: ['${params.n}', '${params.m}'] })],
    };
    const repeat = { until: 'tasks.sub.result.next > 3', max: 5, delay: 2, carry: { n: 'next' } };
    const of = (more: Body, task: Body = {}) =>
      body(plain('a'), runs('sub', { chain, args: { m: 1 } }, { repeat: { ...repeat, ...more }, ...task }));
    const { child } = chainOf(of({})).tasks[1]!;
    expect(child!.repeat).toEqual({ until: repeat.until, max: 5, delayMs: 2_000, carry: { n: 'next' } });
    expect(child!.open).toEqual({ n: { type: 'integer', default: 0 } });
    expect(child!.chain.tasks[0]!.params).toEqual({ task_config: { result: ['${params.n}', 1] } });
    const AT = '/tasks/1/repeat';
    expect(faultsOf(of({ until: 'tasks.a.result.n > 3' }))).toEqual([`REFERENCE_NOT_ANCESTOR ${AT}/until`]);
    expect(faultsOf(of({ until: 'next >' }))).toEqual([`INVALID_CONDITION ${AT}/until`]);
    expect(faultsOf(of({ carry: { n: 'other' } }))).toEqual([`INVALID_VALUE ${AT}/carry/n`]);
    expect(faultsOf(of({ max: 1_001 }))).toEqual([`OUT_OF_RANGE ${AT}/max`]);
    expect(faultsOf(of({}, { for_each: [1] }))).toEqual([`INVALID_VALUE ${AT}`]);
    expect(faultsOf(body(plain('a', {}, { repeat })))).toEqual(['INVALID_VALUE /tasks/0/repeat']);
    const wide = { tasks: Array.from({ length: 1_000 }, (_, i) => plain(`t${i}`)) };
    const turns = (max: number) => body(runs('sub', { chain: wide }, { repeat: { until: 'false', max } }));
    expect(faultsOf(turns(9))).toEqual([]);
    expect(faultsOf(turns(10))).toEqual(['TOO_MANY_TASKS /tasks/0/task_params/task_config']);
  });

  it('runs for each item of a list, with its values', () => {
    const chain = { params: params({ n: { type: 'integer' } }), tasks: [plain('b', { result: '${params.n}' })] };
    const each = runs('sub', { chain, args: { n: '${item}' } }, { for_each: [5, 6] });
    const [first, second, all] = chainOf(body(each)).tasks;
    expect([first!.taskId, second!.taskId, all!.taskType]).toEqual(['sub[0]', 'sub[1]', 'for_each']);
    expect([first, second].map((task) => task!.child!.chain.tasks[0]!.params)).toEqual([
      { task_config: { result: 5 } },
      { task_config: { result: 6 } },
    ]);
  });

  it(`stands up to ${MAX_GENERATIONS} deep, the outermost counted`, () => {
    let chain: Body = { tasks: [plain('a')] };
    for (let deep = 2; deep <= MAX_GENERATIONS; deep++) chain = { tasks: [runs('a', { chain })] };
    expect(faultsOf({ chain_name: 'c', ...chain })).toEqual([]);
    expect(faultsOf({ chain_name: 'c', tasks: [runs('a', { chain })] }).map((fault) => fault.split(' ')[0])).toEqual([
      'TOO_DEEP',
    ]);
  });

  it(`counts in the ${MAX_TASKS} tasks of the outermost one`, () => {
    const chain = { tasks: Array.from({ length: 4_999 }, (_, i) => plain(`t${i}`)) };
    const two = [runs('a', { chain }), runs('b', { chain })];
    expect(faultsOf(body(...two))).toEqual([]);
    expect(faultsOf(body(plain('c'), ...two))).toEqual(['TOO_MANY_TASKS /tasks/2/task_params/task_config']);
  });
});
