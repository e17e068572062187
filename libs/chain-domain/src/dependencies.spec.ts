import { describe, expect, it } from '@jest/globals';
import { readDependencies } from './dependencies.js';

const dependenciesOf = (task: object): unknown =>
  readDependencies([{ task_id: 'first' }, { task_id: 'second', ...task }])[1]!.dependencies;
const sequential = { dependencyType: 'sequential', when: null };

describe('the dependencies of a task', () => {
  it('are the task before it where it names none and is not parallel', () => {
    expect(dependenciesOf({})).toEqual([{ taskId: 'first', ...sequential, place: [] }]);
    expect(dependenciesOf({ execution_mode: 'sequential' })).toEqual([{ taskId: 'first', ...sequential, place: [] }]);
    expect(dependenciesOf({ execution_mode: 'parallel' })).toEqual([]);
    expect(dependenciesOf({ task_id: 'first' })).toEqual([]);
    expect(readDependencies([{ task_id: 'first' }])[0]!.dependencies).toEqual([]);
  });

  it('are those alone that it names, even none', () => {
    expect(dependenciesOf({ depends_on: [] })).toEqual([]);
    expect(dependenciesOf({ callback_for: [] })).toEqual([]);
    expect(dependenciesOf({ depends_on: ['a', { task_id: 'b' }] })).toEqual([
      { taskId: 'a', ...sequential, place: ['depends_on', 0] },
      { taskId: 'b', ...sequential, place: ['depends_on', 1] },
    ]);
  });

  it('come from depends_on, then from callback_for what that does not name', () => {
    expect(dependenciesOf({ depends_on: ['a'], callback_for: ['a', 'b'] })).toEqual([
      { taskId: 'a', ...sequential, place: ['depends_on', 0] },
      { taskId: 'b', ...sequential, place: ['callback_for', 1] },
    ]);
    expect(dependenciesOf({ callback_for: ['a'] })).toEqual([
      { taskId: 'a', ...sequential, place: ['callback_for', 0] },
    ]);
  });

  it.each<[object, object]>([
    [{}, sequential],
    [{ when: 'x > 1' }, { dependencyType: 'condition', when: 'x > 1' }],
    [{ when: 1 }, sequential],
    [{ dependency_type: 'data' }, { dependencyType: 'data', when: null }],
    [
      { dependency_type: 'data', when: 'x' },
      { dependencyType: 'data', when: 'x' },
    ],
    [{ dependency_type: 'condition' }, { dependencyType: 'condition', when: null }],
    [
      { dependency_type: 'sequential', when: 'x' },
      { dependencyType: 'sequential', when: 'x' },
    ],
    [
      { dependency_type: 'none', when: 'x' },
      { dependencyType: 'sequential', when: 'x' },
    ],
  ])('are of a type, by default by whether they have a condition: %j', (entry, kind) => {
    expect(dependenciesOf({ depends_on: [{ task_id: 'a', ...entry }] })).toEqual([
      { taskId: 'a', ...kind, place: ['depends_on', 0] },
    ]);
  });

  it('leave out what no schema takes, and keep the places of the others', () => {
    expect(dependenciesOf({ depends_on: 'a' })).toEqual([]);
    expect(dependenciesOf({ depends_on: [1, null, { id: 'x' }, 'a'] })).toEqual([
      { taskId: 'a', ...sequential, place: ['depends_on', 3] },
    ]);
  });

  it('are named by ids: a task without one gets one that nothing can name', () => {
    const nodes = readDependencies([null, { task_id: 7 }, { task_id: 'c', depends_on: ['a', 'b'] }]);
    expect(nodes.map(({ id }) => id)).toEqual(['\0' + '0', '\0' + '1', 'c']);
    expect(nodes.map(({ dependsOn }) => dependsOn)).toEqual([[], ['\0' + '0'], ['a', 'b']]);
  });
});
