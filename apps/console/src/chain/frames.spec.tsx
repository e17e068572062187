/** @jest-environment jsdom */
import { expect, test } from '@jest/globals';
import '../i18n.js';
import i18next from 'i18next';
import type { LiveTask } from '#client';
import { draftFrames, titleOf } from '../designer/draft-frames.js';
import { readDraft } from '../designer/draft.js';
import { boxesOf, framesOf, PADDING, runOnlyUnder } from './frames.js';
import { liveFrames, liveTitle } from './live-frames.js';
import { NODE } from './node-size.js';

/** By their titles: the tasks of frames. */
const drawn = (tasks: readonly object[]): Record<string, string[]> => {
  const draft = readDraft({ tasks: tasks.map((task) => ({ task_type: 'x', execution_mode: 'parallel', ...task })) });
  return Object.fromEntries(
    draftFrames(draft).map(({ of, tasks: members }) => [titleOf(of, i18next.t), [...members].sort()]),
  );
};
const arms = (...to: readonly (readonly string[])[]) =>
  to.map((then, at) => (at > 0 && at === to.length - 1 ? { else: then } : { when: `c${at}`, then }));

test('what runs only where an arm is taken is in its frame, and what joins arms in none', () => {
  const tasks = [
    { task_id: 'psi', branch: arms(['train'], ['describe'], ['few']) },
    { task_id: 'train' },
    { task_id: 'describe' },
    { task_id: 'few' },
    { task_id: 'evaluate', depends_on: ['train'] },
    { task_id: 'both', depends_on: ['evaluate', 'describe'], trigger_rule: 'none_failed_min_one_success' },
    { task_id: 'never', depends_on: ['train', 'describe'] },
    { task_id: 'other' },
  ];
  expect(drawn(tasks)).toEqual({
    'after psi, if c0': ['evaluate', 'train'],
    'after psi, if c1': ['describe'],
    'after psi, otherwise': ['few'],
  });
});

test('a task that two arms of a branch name is in neither', () => {
  const tasks = [{ task_id: 'a', branch: arms(['b', 'both'], ['both']) }, { task_id: 'b' }, { task_id: 'both' }];
  const after = { task_id: 'after', depends_on: ['both'] };
  expect(drawn([...tasks, after])).toEqual({ 'after a, if c0': ['b'] });
});

test.each([
  [undefined, true],
  ['all_failed', true],
  [{ at_least: 2 }, true],
  [{ at_least: 1 }, false],
  ['one_success', false],
  ['none_failed_min_one_success', false],
  ['none_failed', false],
  ['all_done', false],
  ['always', false],
])('a task after one of an arm and another one, by the rule %j, is in the frame: %s', (rule, isIn) => {
  const last = { task_id: 'last', depends_on: ['b', 'free'], trigger_rule: rule };
  const tasks = [{ task_id: 'a', branch: arms(['b']) }, { task_id: 'b' }, { task_id: 'free' }, last];
  expect(drawn(tasks)).toEqual({ 'after a, if c0': isIn ? ['b', 'last'] : ['b'] });
});

test('branches in arms have frames in frames, and lists and turns the innermost', () => {
  const tasks = [
    { task_id: 'a', branch: arms(['b'], ['c']) },
    { task_id: 'b', branch: [{ when: 'd0', then: ['d'] }] },
    { task_id: 'c' },
    { task_id: 'd', for_each: { items: [1, 2, 3] } },
    { task_id: 'e', for_each: '${params.rows}' },
    { task_id: 'f', repeat: { max: 4, until: 'x > 1' } },
  ];
  const draft = readDraft({ tasks: tasks.map((task) => ({ task_type: 'x', execution_mode: 'parallel', ...task })) });
  const frames = draftFrames(draft);
  const titles = new Map(frames.map(({ id, of }) => [id, titleOf(of, i18next.t)]));
  expect(frames.map(({ of, inside }) => [titleOf(of, i18next.t), inside && titles.get(inside)])).toEqual([
    ['after a, if c0', undefined],
    ['after a, otherwise', undefined],
    ['after b, if d0', 'after a, if c0'],
    ['each item · 3', 'after b, if d0'],
    ['each item · ${params.rows}', undefined],
    ['in turns · ≤ 4 · x > 1', undefined],
  ]);
});

test('groups that lap over each other share no frame, and what holds both does', () => {
  const groups = ['abcde', 'abc', 'cd', 'a'].map((tasks) => ({ of: tasks, tasks: new Set(tasks) }));
  expect(framesOf(groups).map(({ of, tasks }) => [of, tasks.join('')])).toEqual([
    ['abcde', 'abcde'],
    ['abc', 'ab'],
    ['cd', 'd'],
    ['a', 'a'],
  ]);
});

test('a circle ends, and of many frames the outer ones are drawn', () => {
  const circle = [
    { id: 'a', parents: ['b'], rule: undefined, under: ['x'] },
    { id: 'b', parents: ['a'], rule: undefined, under: [] },
  ];
  expect(runOnlyUnder(circle)).toEqual([{ of: 'x', tasks: new Set(['a']) }]);
  const deep = Array.from({ length: 300 }, (_, at) => ({ of: at, tasks: new Set(['a', `t${at}`].slice(0, 2)) }));
  expect(framesOf(deep)).toHaveLength(200);
  const nested = Array.from({ length: 9 }, (_, at) => ({ of: at, tasks: new Set('abcdefghi'.slice(at)) }));
  expect(framesOf(nested).map(({ of }) => of)).toEqual([0, 1, 2, 3, 4, 5]);
});

test('a frame is around its tasks and the frames in it, wherever they are', () => {
  const [outer, inner] = framesOf(['ab', 'b'].map((tasks) => ({ of: tasks, tasks: new Set(tasks) })));
  const boxes = boxesOf([outer!, inner!], { a: { x: 0, y: 0 }, b: { x: 300, y: -500 } });
  const { side, top } = PADDING;
  expect(boxes.get(inner!.id)).toEqual({
    ...{ x: 300 - side, y: -500 - top },
    ...{ width: NODE.width + 2 * side, height: NODE.height + top + side },
  });
  expect(boxes.get(outer!.id)).toEqual({
    ...{ x: -side, y: -500 - 2 * top },
    ...{ width: 300 + NODE.width + 3 * side, height: 500 + NODE.height + 2 * top + side },
  });
});

test('a chain that runs has frames for if and else, and for the instances of a list', () => {
  const task = (task_id: string, depends_on: string[], more: object = {}) =>
    ({ ...{ task_id, depends_on, task_type: 'x', trigger_rule: 'all_success', conditions: [] }, ...more }) as object;
  const tasks = [
    task('psi', []),
    task('train[0]', ['psi'], { conditions: ['n > 9'] }),
    task('train[1]', ['psi'], { conditions: ['n > 9'] }),
    task('train', ['train[0]', 'train[1]'], { task_type: 'for_each', trigger_rule: 'none_failed_min_one_success' }),
    task('few', ['psi'], { conditions: ['!(n > 9) && (n > 5)'] }),
    task('none', ['psi'], { conditions: ['!(n > 9) && !(n > 5)'] }),
    task('own', ['psi'], { conditions: ['n > 7'] }),
    task('later', ['psi'], { task_type: 'for_each' }),
  ] as LiveTask[];
  const frames = liveFrames(tasks).map(({ of, tasks: all }) => [liveTitle(of, i18next.t), all.toSorted()]);
  expect(Object.fromEntries(frames)).toEqual({
    'if n > 9': ['train', 'train[0]', 'train[1]'],
    'each item of train · 2': ['train', 'train[0]', 'train[1]'],
    'if !(n > 9) && (n > 5)': ['few'],
    'if !(n > 9) && !(n > 5)': ['none'],
    'each item of later, in a chain of their own': ['later'],
  });
});
