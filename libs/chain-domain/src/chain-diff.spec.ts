import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { diffChains, type ChainDiff } from './chain-diff.js';

type Body = Record<string, unknown>;
const task = (task_id: string, more: Body = {}): Body => ({
  task_id,
  task_type: 'psi',
  depends_on: [],
  task_params: { task_config: { keys: ['id'], rounds: 3, file: 'a.csv' } },
  ...more,
});
const chain = (tasks: Body[], more: Body = {}): Body => ({ chain_name: 'x', tasks, ...more });
const tasksOf = ({ tasks }: ChainDiff) =>
  tasks.filter(({ change }) => change !== 'same').map(({ change, task_id: id }) => `${change} ${id}`);
const edgesOf = ({ edges }: ChainDiff) =>
  edges.filter(({ change }) => change !== 'same').map(({ change, from, to }) => `${change} ${from} ${to}`);
const changesOf = (changes: ChainDiff['chain']) =>
  changes.map(({ part, change, pointer, before, after }) => [part, change, pointer, before, after]);

describe('diffChains', () => {
  it('finds no difference in another order or form', () => {
    const before = chain([task('a'), task('b', { depends_on: ['a'] })], { options: { timeout: 5, max_parallel: 1 } });
    const after = {
      options: { max_parallel: 1, timeout: 5 },
      tasks: [task('b', { depends_on: [{ task_id: 'a', dependency_type: 'sequential' }] }), task('a')],
      chain_name: 'x',
    };
    expect(diffChains(before, after)).toMatchObject({ same: true, chain: [] });
    // What follows from the order of the list is a dependency as well.
    const { depends_on: _none, ...follows } = task('b');
    expect(diffChains(before, { ...before, tasks: [task('a'), follows] }).same).toBe(true);
    expect(edgesOf(diffChains(before, { ...before, tasks: [follows, task('a')] }))).toEqual(['removed a b']);
  });

  it('says what was added and removed, with its edges', () => {
    const before = chain([task('a'), task('b', { depends_on: ['a'] })]);
    const after = chain([task('a'), task('c', { task_type: 'report', depends_on: ['a'] })]);
    const diff = diffChains(before, after);
    expect([diff.same, tasksOf(diff), edgesOf(diff)]).toEqual([
      false,
      ['added c', 'removed b'],
      ['added a c', 'removed a b'],
    ]);
  });

  it('takes two tasks that have half in common for one, and those with less for two', () => {
    const of = (id: string, ...keys: string[]): Body => ({
      ...{ task_id: id, task_type: 'psi', depends_on: [] },
      task_params: Object.fromEntries(keys.map((key) => [key, key])),
    });
    const likenessOf = (before: Body, after: Body) =>
      diffChains(chain([before]), chain([after])).tasks.map(({ likeness }) => likeness);
    // The type is common as well.
    expect(likenessOf(of('old', 'a', 'b', 'c'), of('new', 'a', 'x', 'y'))).toEqual([0.5]);
    expect(likenessOf(of('old', 'a', 'b', 'c', 'd'), of('new', 'a', 'x', 'y', 'z'))).toEqual([null, null]);
  });

  it('says where parameters, policies, texts and the interface changed', () => {
    const before = chain([task('a', { retry_policy: { max_retries: 1 } })], { params: { properties: { x: {} } } });
    const after = chain(
      [
        task('a', {
          task_name: 'A',
          retry_policy: { max_retries: 2 },
          task_params: { task_config: { keys: ['id', 'day'], 'a/b': null, file: 'a.csv' } },
        }),
      ],
      { params: { properties: {} }, options: { stop_on_error: true } },
    );
    const diff = diffChains(before, after);
    expect(changesOf(diff.tasks[0]!.changes)).toEqual([
      ['parameters', 'added', '/task_params/task_config/keys/1', null, 'day'],
      ['parameters', 'added', '/task_params/task_config/a~1b', null, null],
      ['parameters', 'removed', '/task_params/task_config/rounds', 3, null],
      ['text', 'added', '/task_name', null, 'A'],
      ['policy', 'changed', '/retry_policy/max_retries', 1, 2],
    ]);
    expect(changesOf(diff.chain)).toEqual([
      ['interface', 'removed', '/params/properties/x', {}, null],
      ['policy', 'added', '/options', null, { stop_on_error: true }],
    ]);
    expect(tasksOf(diff)).toEqual(['changed a']);
  });

  it('says what changed between two tasks', () => {
    const before = chain([task('a'), task('b', { depends_on: ['a'] })]);
    const after = chain([task('a'), task('b', { depends_on: [{ task_id: 'a', when: 'tasks.a.result.ok' }] })]);
    expect(diffChains(before, after).edges).toEqual([
      {
        ...{ from: 'a', to: 'b', change: 'changed' },
        changes: [
          { pointer: '/dependency_type', change: 'changed', before: 'sequential', after: 'condition' },
          { pointer: '/when', change: 'added', before: null, after: 'tasks.a.result.ok' },
        ],
      },
    ]);
  });

  it('knows a task by a new name, and what refers to it', () => {
    const reads = (id: string) => ({ depends_on: [id], task_params: { from: `\${tasks.${id}.result.out[0]} $\${x}` } });
    const before = chain([task('old'), task('b', reads('old'))], { outputs: { rows: '${tasks.old.result.rows}' } });
    const after = chain([task('new'), task('b', reads('new'))], { outputs: { rows: '${tasks.new.result.rows}' } });
    const diff = diffChains(before, after);
    expect([tasksOf(diff), edgesOf(diff), diff.chain]).toEqual([['renamed new'], [], []]);
    expect(diff.tasks[0]).toMatchObject({ renamed_from: 'old', likeness: 1, changes: [] });
  });

  it('pairs the likeliest, and none of another type or with less than half in common', () => {
    const of = (id: string, keys: string[], type = 'psi') =>
      task(id, { task_type: type, task_params: Object.fromEntries(keys.map((key) => [key, 1])) });
    const before = chain([of('one', ['a', 'b', 'c']), of('two', ['a', 'b', 'd']), of('three', ['z'])]);
    const after = chain([of('four', ['a', 'b', 'd']), of('five', ['a', 'b', 'e']), of('six', ['z'], 'report')]);
    const diff = diffChains(before, after);
    expect(diff.tasks.map((each) => [each.change, each.renamed_from, each.task_id, each.likeness])).toEqual([
      ['renamed', 'two', 'four', 1],
      ['renamed', 'one', 'five', 0.75],
      ['added', null, 'six', null],
      ['removed', null, 'three', null],
    ]);
  });

  it('takes values of parameters for what they are, and nothing else', () => {
    const params = { properties: { keys: {}, who: {} } };
    const of = (keys: unknown, title: unknown, n: unknown = 1) =>
      chain([task('a', { task_params: { keys, title, n } })]);
    const template = { ...of('${params.keys}', 'of ${params.who[0]} and ${params.who[1]}!'), params };
    const same = diffChains(template, of(['id'], 'of alice and $${bob}!'), 'of-template');
    expect([same.same, same.tasks[0]!.change]).toEqual([true, 'same']);
    expect(changesOf(same.tasks[0]!.changes)).toEqual([
      ['parameters', 'filled', '/task_params/keys', '${params.keys}', ['id']],
      [
        ...['parameters', 'filled', '/task_params/title', 'of ${params.who[0]} and ${params.who[1]}!'],
        'of alice and $${bob}!',
      ],
    ]);
    for (const other of ['of alice!', 'for alice and bob!', 'of alice and bob', 7, 'of  and!']) {
      expect(diffChains(template, of(['id'], other), 'of-template').same).toBe(false);
    }
    expect(diffChains(template, of(['id'], 'of alice and bob!', 2), 'of-template').same).toBe(false);
    // Between versions a parameter is a text like others.
    expect(diffChains(template, { ...of(['id'], 'x'), params }).tasks[0]!.changes.map(({ change }) => change)).toEqual([
      'changed',
      'changed',
    ]);
  });

  it('finds in any two chains what turns the one into the other', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const value = fc.jsonValue({ maxDepth: 2 });
    const body = fc
      .subarray(ids)
      .chain((some) =>
        fc.tuple(
          ...some.map((id, i) =>
            fc
              .tuple(fc.subarray(some.slice(0, i)), fc.constantFrom('psi', 'report'), value)
              .map(([depends_on, task_type, x]) => task(id, { depends_on, task_type, task_params: { x } })),
          ),
        ),
      )
      .map((tasks) => chain(tasks));
    fc.assert(
      fc.property(body, body, (before, after) => {
        const diff = diffChains(before, after);
        const had = (before['tasks'] as Body[]).map((each) => each['task_id']);
        const has = (after['tasks'] as Body[]).map((each) => each['task_id']);
        const of = (change: string) => diff.tasks.filter((each) => each.change === change);
        const gone = [...of('removed').map(({ task_id: id }) => id), ...of('renamed').map((each) => each.renamed_from)];
        expect(gone.sort()).toEqual(had.filter((id) => !has.includes(id)).sort());
        const come = [...of('added'), ...of('renamed')].map(({ task_id: id }) => id);
        expect(come.sort()).toEqual(has.filter((id) => !had.includes(id)).sort());
        expect(diffChains(after, after).same).toBe(true);
        if (diff.same) expect(diffChains(after, before).same).toBe(true);
      }),
    );
  });
});
