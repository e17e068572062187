import { expect, test } from '@jest/globals';
import type { LiveTask } from '#client';
import { drawnOf, groupOf, MOST_NODES, type Gathered } from './groups.js';

const task = (at: number) =>
  ({ task_id: `map[${at}]`, task_name: '', level: 1, depends_on: ['first'] }) as unknown as LiveTask;
const FIRST = { task_id: 'first', task_name: '', level: 0, depends_on: [] } as unknown as LiveTask;
const TASKS = [FIRST, ...Array.from({ length: MOST_NODES }, (_, at) => task(at))];
const how = (more: Partial<Gathered> = {}): Gathered => ({
  ...{ by: 'name', open: undefined, isFirst: () => false, partiesOf: () => [] },
  ...more,
});
const ids = (tasks: readonly LiveTask[]) => tasks.map(({ task_id }) => task_id);

test('too many tasks are gathered by their names, with one edge between two groups', () => {
  const { nodes, edges } = drawnOf(TASKS, how());
  expect(nodes.map(({ id, members }) => [id, members.length])).toEqual([
    ['group name first', 1],
    ['group name map', MOST_NODES],
  ]);
  expect(edges).toEqual([['group name first', 'group name map']]);
  expect(groupOf(TASKS, TASKS[7]!, how())).toBe('group name map');
  expect(drawnOf(TASKS.slice(1), how()).nodes).toHaveLength(MOST_NODES);
});

test('of an open group those that matter come first, then page by page, and the first again after the last', () => {
  const shown = (page: number) => {
    const open = { id: 'group name map', page };
    const { nodes } = drawnOf(TASKS, how({ open, isFirst: ({ task_id }) => task_id === 'map[490]' }));
    return { nodes, drawn: ids(nodes.flatMap((node) => node.task ?? [])) };
  };
  const { nodes, drawn } = shown(0);
  expect([drawn.length, drawn.slice(0, 3)]).toEqual([50, ['map[490]', 'map[0]', 'map[1]']]);
  const rest = nodes.at(-1)!;
  expect([rest.id, rest.members.length]).toEqual(['group name map', MOST_NODES - 50]);
  expect(shown(1).drawn.slice(0, 2)).toEqual(['map[49]', 'map[50]']);
  expect(shown(10).drawn).toEqual(drawn);
});
