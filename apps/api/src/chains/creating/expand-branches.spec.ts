import { describe, expect, it } from '@jest/globals';
import type { TaskCatalogue } from '../../catalogue/catalogue.js';
import { readChain } from './chain-input.js';
import type { ChainInput } from './chain-reading.js';

type Body = Record<string, unknown>;
const catalogue: TaskCatalogue = {
  types: ['any'],
  find: () => ({ takesSecret: () => false, checkParams: () => [] }),
};
const task = (task_id: string, more: Body = {}): Body => ({ task_id, task_type: 'any', task_params: {}, ...more });
const body = (...tasks: Body[]): Body => ({ chain_name: 'c', tasks });
const read = (of: Body): ChainInput => {
  const reading = readChain(of, catalogue);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  return reading.chain;
};
const faultsOf = (of: Body) => {
  const reading = readChain(of, catalogue);
  return reading.ok ? [] : reading.faults.map(({ code, pointer }) => `${code} ${pointer ?? '-'}`);
};
const when = (text: string, ...then: string[]): Body => ({ when: text, then });
const small = 'tasks.a.result.n < 10';
const large = 'tasks.a.result.n >= 90 || tasks.a.result.sure';

describe('a branch', () => {
  const branch = [when(small, 'b'), when(large, 'c'), { else: ['d'] }];
  const tasks = ['b', 'c', 'd'].map((id) => task(id));

  it('is stored as conditions of dependencies, each without those before it', () => {
    const { tasks: made, config } = read(body(task('a', { branch }), ...tasks));
    const conditions = [small, `!(${small}) && (${large})`, `!(${small}) && !(${large})`];
    expect(made.map(({ conditions: of }) => of)).toEqual([[], ...conditions.map((each) => [each])]);
    expect(made.slice(1).map(({ dependsOn }) => dependsOn)).toEqual(
      conditions.map((each) => [{ taskId: 'a', dependencyType: 'condition', when: each }]),
    );
    expect(JSON.stringify(config)).not.toContain('branch');
    expect(config).toMatchObject({ tasks: [task('a'), { depends_on: [{ task_id: 'a', when: small }] }, {}, {}] });
  });

  it('leaves what it was given as it was', () => {
    const given = body(task('a', { branch }), ...tasks);
    const before = structuredClone(given);
    read(given);
    expect(given).toEqual(before);
  });

  it('adds to what a task waits for already', () => {
    const more = [
      task('z', { depends_on: [] }),
      task('b', { depends_on: ['z', 'a'] }),
      task('c', { depends_on: [{ task_id: 'a', dependency_type: 'data', when: 'tasks.a.result.ok' }] }),
      task('d', { callback_for: ['z', 'a'] }),
    ];
    const { tasks: made } = read(body(task('a', { branch: [when(small, 'b', 'c'), { else: ['d'] }] }), ...more));
    expect(made.slice(2).map(({ dependsOn }) => dependsOn)).toEqual([
      [
        { taskId: 'z', dependencyType: 'sequential', when: null },
        { taskId: 'a', dependencyType: 'condition', when: small },
      ],
      [{ taskId: 'a', dependencyType: 'data', when: `(tasks.a.result.ok) && (${small})` }],
      [
        { taskId: 'a', dependencyType: 'condition', when: `!(${small})` },
        { taskId: 'z', dependencyType: 'sequential', when: null },
      ],
    ]);
  });

  it('takes a task by either arm that names it', () => {
    const arms = [when(small, 'b'), when(large, 'c'), { else: ['b', 'd'] }];
    const { tasks: made } = read(body(task('a', { branch: arms }), ...tasks));
    expect(made[1]!.conditions).toEqual([`(${small}) || (!(${small}) && !(${large}))`]);
  });

  it('of several tasks asks for all of them', () => {
    const own = [when('tasks.e.result.ok', 'b')];
    const { tasks: made } = read(body(task('a', { branch }), task('e', { branch: own }), ...tasks));
    expect(made[2]!.conditions).toEqual([small, 'tasks.e.result.ok']);
  });

  it.each<[string, Body[], ...Body[]]>([
    ['an unknown task: MISSING_DEPENDENCY /tasks/0/branch/0/then/1', [when(small, 'b', 'x')]],
    ['itself: SELF_DEPENDENCY /tasks/0/branch/0', [when(small, 'a')]],
    ['a cycle: CYCLE /tasks/0/depends_on/0', [when(small, 'b')], { depends_on: ['b'] }],
    [
      'an else that is not the last: INVALID_VALUE /tasks/0/branch/1',
      [when(small, 'b'), { else: ['c'] }, when(large, 'd')],
    ],
    ['an else alone: INVALID_VALUE /tasks/0/branch/0', [{ else: ['b'] }]],
    ['an else with a when: INVALID_VALUE /tasks/0/branch/1', [when(small, 'b'), { else: ['c'], when: large }]],
    ['a then alone: INVALID_VALUE /tasks/0/branch/0', [{ then: ['b'] }]],
    ['no arm: OUT_OF_RANGE /tasks/0/branch', []],
    ['an arm of nothing: OUT_OF_RANGE /tasks/0/branch/0/then', [when(small)]],
    ['no CEL: INVALID_CONDITION /tasks/0/branch/0/when', [when('tasks.a.result.n <', 'b')]],
    [
      'two expressions that parentheses would join: INVALID_CONDITION /tasks/0/branch/0/when',
      [when('true) || (true', 'b')],
    ],
    ['a condition on no task: REFERENCE_UNKNOWN_TASK /tasks/0/branch/0/when', [when('tasks.x.result.n == 1', 'b')]],
    [
      'a condition on what comes later: REFERENCE_NOT_ANCESTOR /tasks/0/branch/0/when, REFERENCE_NOT_ANCESTOR /tasks/0/branch/0',
      [when('tasks.b.result.n == 1', 'c')],
    ],
  ])('is refused with %s', (said, arms, more = {}) => {
    const [, faults] = /^[^:]*: (.*)$/.exec(said)!;
    const found = faultsOf(body(task('a', { branch: arms, ...more }), ...tasks));
    expect([...new Set(found)]).toEqual(faults!.split(', '));
  });

  it('is refused where its conditions get too long together', () => {
    const arms = Array.from({ length: 10 }, (_, n) =>
      when(`tasks.a.result.n == ${n} || ${'1 == 2 || '.repeat(20)}false`, 'b'),
    );
    const found = faultsOf(body(task('a', { branch: [...arms, { else: ['c'] }] }), ...tasks));
    expect(found).toEqual(['TOO_MANY_CONDITIONS /tasks/0/branch/0']);
  });

  it('is refused where the branches of a chain have too many conditions to read', () => {
    const long = `tasks.a.result.n == 1 || ${'1 == 2 || '.repeat(150)}false`;
    const many = Array.from({ length: 70 }, (_, n) =>
      task(`a${n}`, { depends_on: ['a'], branch: [when(`${long} || ${n} == 1`, 'z')] }),
    );
    expect(faultsOf(body(task('a'), ...many, task('z')))).toContain('TOO_MANY_CONDITIONS /tasks/67/branch/0/when');
  });

  it('is refused where many tasks would take long conditions', () => {
    const many = Array.from({ length: 1_000 }, (_, n) => task(`b${n}`));
    const long = `tasks.a.result.n == 1 || ${'1 == 2 || '.repeat(150)}false`;
    const found = faultsOf(
      body(task('a', { branch: [when(long, ...many.map(({ task_id }) => task_id as string))] }), ...many),
    );
    expect(found).toEqual(['TOO_LARGE /tasks/0/branch/0']);
  });
});
