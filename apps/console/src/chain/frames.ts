import { NODE, type Places } from './node-size.js';

/** Tasks that have something in common, such as an arm of a branch; `of` says what. */
export interface Group<Of> {
  readonly of: Of;
  readonly tasks: ReadonlySet<string>;
}

/** A box around tasks. */
export interface Frame<Of> {
  readonly id: string;
  readonly of: Of;
  /** Those in frames inside it as well. */
  readonly tasks: readonly string[];
  /** The frame that it stands in. */
  readonly inside: string | undefined;
}

/** A frame more says nothing any more; deeper ones are left out. */
const MOST = 200;
const DEEPEST = 6;

/**
 * Frames that stand in each other or apart: outer ones come first. A task of two groups of which neither holds the other is in neither frame.
 */
export function framesOf<Of>(groups: readonly Group<Of>[]): Frame<Of>[] {
  const largestFirst = groups.slice(0, MOST).sort((a, b) => b.tasks.size - a.tasks.size);
  const byTask = new Map<string, number[]>();
  for (const [at, { tasks }] of largestFirst.entries())
    for (const task of tasks) byTask.set(task, [...(byTask.get(task) ?? []), at]);
  // By how many tasks two groups share: one holds the other where it has all of them.
  const shared = new Map<number, number>();
  const pair = (outer: number, inner: number) => outer * MOST + inner;
  for (const own of byTask.values())
    for (const [from, outer] of own.entries())
      for (const inner of own.slice(from + 1))
        shared.set(pair(outer, inner), (shared.get(pair(outer, inner)) ?? 0) + 1);
  const holds = (outer: number, inner: number) => shared.get(pair(outer, inner)) === largestFirst[inner]!.tasks.size;
  const drawn = new Map<number, { tasks: string[]; inside: number | undefined }>();
  for (const [task, own] of byTask) {
    const chain = own.filter((one) =>
      own.every((other) => one === other || holds(Math.min(one, other), Math.max(one, other))),
    );
    for (const [depth, at] of chain.slice(0, DEEPEST).entries()) {
      const known = drawn.get(at);
      if (known === undefined) drawn.set(at, { tasks: [task], inside: chain[depth - 1] });
      else known.tasks.push(task);
    }
  }
  return [...drawn]
    .sort(([a], [b]) => a - b)
    .map(([at, { tasks, inside }]) => ({
      id: idOf(at),
      of: largestFirst[at]!.of,
      tasks,
      inside: inside === undefined ? undefined : idOf(inside),
    }));
}

const idOf = (at: number): string => JSON.stringify(['frame', at]);

/** A task with what it waits for and what it runs under, such as an arm of a branch. */
export interface Bound<Of> {
  readonly id: string;
  /** Each once. */
  readonly parents: readonly string[];
  readonly rule: unknown;
  readonly under: readonly Of[];
}

/** By what tasks run under: the tasks that run only then, as they or tasks before them say. */
export function runOnlyUnder<Of>(tasks: readonly Bound<Of>[]): Group<Of>[] {
  const left = new Map(tasks.map(({ id, parents }) => [id, parents.length]));
  const children = Map.groupBy(
    tasks.flatMap((task) => task.parents.map((parent) => [parent, task] as const)),
    ([parent]) => parent,
  );
  const under = new Map(tasks.map((task) => [task.id, new Set(task.under)]));
  const ready = tasks.filter(({ parents }) => parents.length === 0);
  for (let task = ready.pop(); task !== undefined; task = ready.pop()) {
    const counts = new Map<Of, number>();
    for (const parent of task.parents)
      for (const each of under.get(parent) ?? []) counts.set(each, (counts.get(each) ?? 0) + 1);
    for (const [each, count] of counts) if (task.parents.length - count < needed(task)) under.get(task.id)!.add(each);
    for (const [, child] of children.get(task.id) ?? []) {
      left.set(child.id, left.get(child.id)! - 1);
      if (left.get(child.id) === 0) ready.push(child);
    }
  }
  const groups = new Map<Of, Set<string>>();
  for (const [id, all] of under) for (const each of all) groups.set(each, (groups.get(each) ?? new Set()).add(id));
  return [...groups].map(([of, members]) => ({ of, tasks: members }));
}

/** How many tasks before it must run, or it does not. */
function needed({ rule, parents }: Bound<unknown>): number {
  if (typeof rule === 'object' && rule !== null && 'at_least' in rule) return Number(rule.at_least);
  switch (rule) {
    case 'one_success':
    case 'one_failed':
    case 'none_failed_min_one_success':
      return 1;
    case 'all_done':
    case 'none_failed':
    case 'always':
      return 0;
    default:
      return parents.length;
  }
}

/** Between a frame and what is in it, px; above is its title. */
export const PADDING = { top: 30, side: 12 } as const;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where frames stand: around their tasks, wherever these are. */
export function boxesOf(frames: readonly Frame<unknown>[], places: Places): Map<string, Box> {
  const inner = Map.groupBy(frames, ({ inside }) => inside);
  const boxes = new Map<string, Box>();
  // Inner frames come after those that they stand in.
  for (const { id, tasks } of frames.toReversed()) {
    const nodes = tasks.flatMap((task) => (places[task] === undefined ? [] : [{ ...places[task], ...NODE }]));
    const all = [...nodes, ...(inner.get(id) ?? []).flatMap((each) => boxes.get(each.id) ?? [])];
    if (all.length === 0) continue;
    const x = Math.min(...all.map((each) => each.x)) - PADDING.side;
    const y = Math.min(...all.map((each) => each.y)) - PADDING.top;
    const right = Math.max(...all.map((each) => each.x + each.width)) + PADDING.side;
    const bottom = Math.max(...all.map((each) => each.y + each.height)) + PADDING.side;
    boxes.set(id, { x, y, width: right - x, height: bottom - y });
  }
  return boxes;
}
