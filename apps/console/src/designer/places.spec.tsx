import { expect, it } from '@jest/globals';
import { runsDown, zoomOf } from '../chain/node-size.js';
import type { DraftTask } from './draft.js';
import { placed, withCopies, withTask } from './places.js';

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

it('places tasks that have the names of what objects have', () => {
  const tasks = draft(task('constructor'), task('__proto__', 'constructor'), task('hasOwnProperty'));
  const places = placed({ draft: tasks, places: {} });
  expect(Object.entries(places).map(([id, { x, y }]) => [id, x, y])).toEqual([
    ['constructor', 0, 0],
    ['__proto__', 270, 0],
    ['hasOwnProperty', 0, 100],
  ]);
  expect(Object.entries(placed({ draft: tasks, places }))).toEqual(Object.entries(places));
});

it('puts a copy beside its task, and one that was cut where there is room', () => {
  const drawn = { draft: draft(task('a'), task('b', 'a')), places: { a: { x: 500, y: 0 }, b: { x: 770, y: 0 } } };
  const [next, ids] = withCopies(drawn, [task('a'), task('gone', 'b'), task('lost', 'b')]);
  expect(ids).toEqual(['a-2', 'gone', 'lost']);
  expect(ids.map((id) => next.places[id])).toEqual([
    { x: 540, y: 88 },
    { x: 1_040, y: 0 },
    { x: 1_040, y: 100 },
  ]);
  expect(withTask(drawn, 'psi', ['a'], { x: 105, y: 29 })[0].places['psi']).toEqual({ x: 0, y: 0 });
});
