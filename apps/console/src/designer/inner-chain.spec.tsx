/** @jest-environment jsdom */
import { afterEach, expect, jest, test } from '@jest/globals';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import '../i18n.js';
import { seenIn } from './check.js';
import { readDraft, type Draft } from './draft.js';
import { addTask, setParams } from './edits.js';
import {
  canOpen,
  innerIdAt,
  innerOf,
  placesAt,
  placesRenamed,
  pointerTo,
  sizeOf,
  withInner,
  withPlacesAt,
} from './inner-chain.js';
import { Trail } from './trail.js';

afterEach(cleanup);

const task = (task_id: string, task_type: string, task_config: object, more: object = {}) => ({
  ...{ task_id, task_type, task_params: { task_config }, ...more },
});
const PAUSE = task('pause', 'wait', { seconds: 1 });
const DRAFT = readDraft({
  chain_name: 'outer',
  tasks: [
    task('first', 'psi', {}),
    task('sub', 'chain', {
      args: { n: 1 },
      chain: { params: {}, tasks: [PAUSE, task('deep', 'chain', { chain: { chain_name: 'own', tasks: [PAUSE] } })] },
    }),
    task('from', 'chain', { template: 'template-x' }),
    task('broken', 'chain', { chain: { tasks: [{ task_id: 1 }] } }),
    task('new', 'chain', {}),
  ],
});
const [first, sub, from, broken, empty] = DRAFT.tasks;
const adds = (draft: Draft, path: string[]): Draft =>
  withInner(draft, path, addTask(innerOf(draft, path).draft, 'psi', {})[0]);
const configOf = (draft: Draft, at: number) => draft.tasks[at]!.task_params['task_config'];

test('the chain of a task is changed where it stands, and nothing beside it', () => {
  const next = adds(DRAFT, ['sub', 'deep']);
  expect(innerOf(next, ['sub', 'deep']).draft.tasks.map(({ task_id }) => task_id)).toEqual(['pause', 'psi']);
  expect(configOf(next, 1)).toMatchObject({
    args: { n: 1 },
    // What it has no name for keeps none.
    chain: {
      params: {},
      tasks: [{ task_id: 'pause' }, { task_params: { task_config: { chain: { chain_name: 'own' } } } }],
    },
  });
  expect(configOf(next, 1)).not.toHaveProperty('chain.chain_name');
  expect([next.tasks[0], next.tasks[3]]).toEqual([first, broken]);
  expect(configOf(adds(DRAFT, ['new']), 4)).toMatchObject({ chain: { tasks: [{ task_id: 'psi' }] } });
  expect([sub, empty].map((each) => sizeOf(each!))).toEqual([2, 0]);
});

test('where a parameter of the chain of a task gets another name, its value goes with it', () => {
  const given = (draft: Draft, params: unknown) =>
    withInner(draft, ['sub'], setParams(innerOf(draft, ['sub']).draft, params));
  const next = given(given(DRAFT, { properties: { n: {} } }), { properties: { rows: {} } });
  expect(configOf(next, 1)).toMatchObject({ args: { rows: 1 } });
  expect(configOf(given(next, undefined), 1)).not.toHaveProperty('args');
});

test('a chain of a template, one that cannot be drawn and one too deep stay closed', () => {
  expect([first, sub, from, broken, empty].map((each) => canOpen(each!, []))).toEqual([
    false,
    true,
    false,
    false,
    true,
  ]);
  expect(canOpen(sub!, ['a', 'b', 'c'])).toBe(true);
  expect(canOpen(sub!, ['a', 'b', 'c', 'd'])).toBe(false);
  // After undo a task may be gone: the chain around it is drawn.
  expect(innerOf(DRAFT, ['sub', 'gone', 'deep'])).toMatchObject({ path: ['sub'], draft: { tasks: [{}, {}] } });
});

const SUB = '/tasks/1/task_params/task_config/chain';
test('faults of an inner chain count on the task around it, lead in, and point into it', () => {
  const fault = (pointer: string) => ({ code: 'X', pointer, message: 'm' });
  const errors = [`${SUB}/tasks/1/task_type`, `${SUB}/outputs`, `${SUB}x`, '/tasks/0/task_params'].map(fault);
  const outer = seenIn(errors, DRAFT, DRAFT, []);
  expect([[...outer.byTask], outer.outside]).toEqual([
    [
      ['sub', 3],
      ['first', 1],
    ],
    0,
  ]);
  expect(pointerTo(DRAFT, ['sub', 'deep'])).toBe(`${SUB}/tasks/1/task_params/task_config/chain`);
  expect(innerIdAt(sub!, errors[0]!.pointer.slice('/tasks/1'.length))).toBe('deep');
  expect(innerIdAt(sub!, '/task_params/task_config/chain/outputs')).toBeUndefined();
  // Meanwhile the first task of both chains was removed.
  const { tasks } = innerOf(DRAFT, ['sub']).draft;
  const inner = withInner(DRAFT, ['sub'], { ...innerOf(DRAFT, ['sub']).draft, tasks: tasks.slice(1) });
  const seen = seenIn(errors, DRAFT, { ...inner, tasks: inner.tasks.slice(1) }, ['sub']);
  expect(seen.faults.map(({ pointer }) => pointer)).toEqual(['/tasks/0/task_type', '/outputs']);
  expect([[...seen.byTask], seen.outside]).toEqual([[['deep', 1]], 2]);
});

test('each chain has its places, and a task of the same name in another one has its own', () => {
  const [here, there, deep] = [1, 2, 3].map((x) => ({ x, y: 0 }));
  const all = withPlacesAt(withPlacesAt({ pause: here! }, ['sub'], { pause: there! }), ['sub', 'deep'], {
    pause: deep!,
  });
  expect([[], ['sub'], ['sub', 'deep']].map((path) => placesAt(all, path))).toEqual([
    ...[{ pause: here }, { pause: there }, { pause: deep }],
  ]);
  // A task that is gone leaves none.
  expect(withPlacesAt(all, ['sub'], {})).toEqual({ pause: here, 'sub/deep/pause': deep });
});

test('the trail says where the chain stands, leads back, and takes the focus on the way', async () => {
  const user = userEvent.setup();
  const open = jest.fn<(depth: number) => void>();
  const name = '<b>\u202ex';
  const tasks = DRAFT.tasks.map((each) => (each.task_id === 'sub' ? { ...each, task_name: name } : each));
  const draft = { ...DRAFT, tasks };
  const { rerender } = render(<Trail draft={draft} path={[]} opened={0} open={open} />);
  expect(screen.queryByRole('navigation')).toBeNull();
  // As where undo brings it back, or while text is typed.
  rerender(<Trail draft={draft} path={['sub']} opened={0} open={open} />);
  expect(document.activeElement).toBe(document.body);
  rerender(<Trail draft={draft} path={['sub', 'deep']} opened={1} open={open} />);
  expect(document.activeElement?.textContent).toBe('deep');
  await user.click(screen.getByRole('button', { name: String.raw`<b>\u202ex` }));
  expect(open).toHaveBeenLastCalledWith(1);
  await user.click(screen.getByRole('button', { name: 'outer' }));
  expect(open).toHaveBeenLastCalledWith(0);
});

test('the trail calls a task by its id where its name is no text', () => {
  const tasks = DRAFT.tasks.map((each) => ({ ...each, task_name: 2024 }));
  render(<Trail draft={{ ...DRAFT, tasks }} path={['sub']} opened={0} open={() => undefined} />);
  screen.getByText('sub');
});

test('a task with another id stays where it stands, with what is in it, also where one that is gone had that id', () => {
  const [here, gone] = [
    { x: 1, y: 2 },
    { x: 3, y: 4 },
  ];
  const places = { 'sub/deep': here, 'sub/deep/pause': here, 'sub/deeper': here, 'sub/next': gone, 'sub/next/a': gone };
  const renamed = placesRenamed(places, ['sub'], 'deep', 'next');
  expect(renamed).toEqual({ 'sub/next': here, 'sub/next/pause': here, 'sub/deeper': here });
});
