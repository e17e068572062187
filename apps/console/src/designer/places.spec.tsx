import { expect, it } from '@jest/globals';
import { runsDown, zoomOf } from '../chain/node-size.js';
import type { DraftTask } from './draft.js';
import { placed } from './places.js';

const task = (id: string, ...depends_on: string[]) =>
  ({ task_id: id, task_type: 'diagnostic', depends_on }) as unknown as DraftTask;
const draft = (...tasks: DraftTask[]) => ({ chain_name: 'c', tasks });

it.each([
  ['to the right', { b: { x: 270, y: 0 }, c: { x: 540, y: 20 } }, false],
  ['down', { b: { x: 0, y: 118 }, c: { x: 114, y: 236 } }, true],
  ['both ways', { b: { x: 270, y: 0 }, c: { x: 270, y: 118 } }, false],
  ['aslant', { b: { x: 270, y: 118 }, c: { x: 540, y: 236 } }, false],
  ['nowhere yet', {}, false],
])('tells whether edges run %s', (_, places, isDown) => {
  const edges = [
    ['a', 'b'],
    ['b', 'c'],
  ] as const;
  expect(runsDown(edges, { a: { x: 0, y: 0 }, ...places })).toBe(isDown);
});

it('finds the zoom that shows all, and no larger one than 1', () => {
  const places = { a: { x: 0, y: 0 }, b: { x: 630, y: 142 } };
  expect(zoomOf(places, { width: 420, height: 400 })).toBe(0.5);
  expect(zoomOf(places, { width: 8_400, height: 50 })).toBe(0.25);
  expect(zoomOf(places, { width: 8_400, height: 4_000 })).toBe(1);
});

it('places a new task behind its parents, or below them in a draft that runs down', () => {
  const tasks = draft(task('a'), task('b', 'a'), task('new', 'b'), task('newer', 'b'));
  const { new: right, newer } = placed({ draft: tasks, places: { a: { x: 0, y: 0 }, b: { x: 270, y: 0 } } } as never);
  expect([right!.x, right!.y]).toEqual([540, 0]);
  expect([newer!.x, newer!.y > 58]).toEqual([540, true]);
  const down = placed({ draft: tasks, places: { a: { x: 0, y: 0 }, b: { x: 0, y: 118 } } } as never);
  expect([down['new']!.x, down['new']!.y > 176]).toEqual([0, true]);
  expect([down['newer']!.x > 210, down['newer']!.y]).toEqual([true, down['new']!.y]);
});
