/** @jest-environment jsdom */
import { afterEach, expect, jest, test } from '@jest/globals';
import { act, cleanup, renderHook } from '@testing-library/react';
import type { Shape } from '../chain/elk.js';
import type { Layout, Places } from '../chain/node-size.js';
import { readDraft } from './draft.js';
import { removeTasks } from './edits.js';
import { useHistory } from './history.js';
import { wayBetween } from './ways.js';

/** Layouts that were asked for, by the names of their tasks, each to be answered later. */
const asked = new Map<string, (layout: Layout) => void>();
jest.unstable_mockModule('../chain/elk.js', () => ({
  layOut: ({ ids }: Shape) => new Promise<Layout>((resolve) => asked.set(ids.join(), resolve)),
}));
jest.unstable_mockModule('@xyflow/react', () => ({
  useStoreApi: () => ({ getState: () => ({ width: 0, height: 0 }) }),
}));
const { useInner } = await import('./use-inner.js');

afterEach(cleanup);

const one = (task_id: string) => ({ task_id, task_type: 'x', depends_on: [] });
const around = (task_id: string, ...ids: string[]) => ({
  ...{ ...one(task_id), task_type: 'chain' },
  task_params: { task_config: { chain: { tasks: ids.map((id) => one(id)) } } },
});
const DRAFT = readDraft({ tasks: [one('a'), around('sub', 'b'), around('other', 'c')] });
const AT = { x: 7, y: 7 };
const THREE = readDraft({
  tasks: [one('a'), { ...one('b'), depends_on: ['a'] }, { ...one('c'), depends_on: ['a', 'b'] }],
});

function designer(places: Places = {}) {
  const { result } = renderHook(() => {
    const { now, change, undo, redo } = useHistory({ draft: DRAFT, places });
    return { now, undo, redo, ...useInner(now, change) };
  });
  const shown = jest.fn<(what: string) => void>();
  return {
    shown,
    page: () => result.current,
    open: (...path: string[]) => act(() => result.current.open(path, () => shown(path.join('/')))),
    arrangeAll: () => act(() => result.current.arrange(THREE, () => {})),
    arrange: (id: string) => act(() => result.current.arrange(readDraft({ tasks: [one(id)] }), () => shown(id))),
    answer: (ids: string, layout: Layout = { places: { [ids]: AT }, ways: [] }) =>
      act(async () => {
        asked.get(ids)!(layout);
        await new Promise((resolve) => setTimeout(resolve));
      }),
  };
}

test('of two layouts the last one counts, whichever is ready first', async () => {
  const { shown, page, open, arrange, answer } = designer();
  arrange('slow');
  arrange('fast');
  await answer('fast');
  await answer('slow');
  expect(shown.mock.calls).toEqual([['fast']]);
  open('sub');
  open('other');
  await answer('c');
  await answer('b');
  expect(page().path).toEqual(['other']);
  expect(page().places).toEqual({ c: AT });
  arrange('late');
  open();
  await answer('late');
  expect(shown.mock.calls).toEqual([['fast'], ['other'], ['']]);
});

test('where undo takes away the chain that is drawn, redo does not lead into it', async () => {
  const { page, open, answer } = designer();
  act(() => page().put((drawn) => ({ ...drawn, draft: removeTasks(drawn.draft, new Set(['other'])) })));
  act(() => page().undo());
  open('other');
  await answer('c');
  act(() => page().redo());
  expect(page().path).toEqual([]);
  act(() => page().undo());
  expect([page().path, page().draft.tasks.length]).toEqual([[], 3]);
});

test('another draft has no places of the one before', async () => {
  const { page, open, answer } = designer();
  open('sub');
  await answer('b');
  act(() => page().leave());
  open('sub');
  expect(page().path).toEqual([]);
  await answer('b');
  expect(page().path).toEqual(['sub']);
});

test('a task with another id stays where it is, and so does what is in it', () => {
  const { page, open } = designer({ sub: AT, 'sub/b': { x: 8, y: 8 }, 'subs/b': { x: 9, y: 9 } });
  const renamed: boolean[] = [];
  const rename = (to: string) => act(() => void renamed.push(page().rename('sub', to)));
  rename('a');
  expect(page().now.draft).toEqual(DRAFT);
  rename('new');
  expect([renamed, page().places['new']]).toEqual([[false, true], AT]);
  open('new');
  expect([page().path, page().places]).toEqual([['new'], { b: { x: 8, y: 8 } }]);
});

test('edges that pass a level keep the ways of each layout: undo may lead back to an older one', async () => {
  const { page, arrangeAll, answer } = designer();
  const row = (y: number) => ({ a: { x: 0, y }, b: { x: 270, y }, c: { x: 540, y } });
  const way = (y: number) => [
    { x: 210, y },
    { x: 375, y: y + 99 },
    { x: 540, y },
  ];
  for (const y of [0, 50]) {
    arrangeAll();
    // a > b, a > c, b > c
    await answer('a,b,c', { places: row(y), ways: [way(1), way(y), way(2)] });
  }
  const between = (from: 'a' | 'b', to: 'b' | 'c', y: number) => wayBetween(page().ways, row(y)[from], row(y)[to]);
  expect([between('a', 'c', 0), between('a', 'c', 50)]).toEqual([way(0), way(50)]);
  expect([between('a', 'b', 0), between('b', 'c', 50), between('a', 'c', 7)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
