import type { TFunction } from 'i18next';
import { framesOf, runOnlyUnder, type Frame, type Group } from '../chain/frames.js';
import { shownText } from '../view/name.js';
import { armsOf, edgesOf, isFields, type Draft, type DraftTask } from './draft.js';

/** Why tasks of a draft have a frame: an arm of a branch, or what runs more than once. */
export type Framed =
  | { readonly kind: 'arm'; readonly branch: string; readonly when: string | undefined }
  | { readonly kind: 'each'; readonly items: unknown }
  | { readonly kind: 'turns'; readonly max: unknown; readonly until: unknown };

/**
 * The frames of a draft. In that of an arm stands what runs only where it is taken: tasks that it alone names of its branch, and those after
 * them that cannot run without. What several arms lead to stands in none of them.
 */
export function draftFrames(draft: Draft): Frame<Framed>[] {
  const under = new Map<string, Framed[]>();
  for (const task of draft.tasks) {
    const arms = armsOf(task).map(({ to, when }) => ({ to: new Set(to), when }));
    for (const { to, when } of arms) {
      const of: Framed = { kind: 'arm', branch: task.task_id, when };
      for (const id of to)
        if (arms.filter((each) => each.to.has(id)).length === 1) under.set(id, [...(under.get(id) ?? []), of]);
    }
  }
  const parents = Map.groupBy(edgesOf(draft), ({ to }) => to);
  const arms = runOnlyUnder(
    draft.tasks.map(({ task_id: id, trigger_rule: rule }) => ({
      ...{ id, rule, under: under.get(id) ?? [] },
      parents: [...new Set((parents.get(id) ?? []).map(({ from }) => from))],
    })),
  );
  return framesOf([...arms, ...draft.tasks.flatMap((task) => repeated(task))]);
}

function repeated(task: DraftTask): Group<Framed>[] {
  const { for_each: each, repeat } = task;
  const tasks = new Set([task.task_id]);
  if (repeat !== undefined) {
    const { max, until } = isFields(repeat) ? repeat : {};
    return [{ of: { kind: 'turns', max, until }, tasks }];
  }
  return each === undefined ? [] : [{ of: { kind: 'each', items: isFields(each) ? each['items'] : each }, tasks }];
}

/** What stands at a frame. */
export function titleOf(of: Framed, t: TFunction): string {
  switch (of.kind) {
    case 'arm': {
      const branch = shownText(of.branch, 60);
      return of.when === undefined
        ? t('frames.else', { branch })
        : t('frames.if', { branch, when: shownText(of.when, 300) });
    }
    case 'each':
      return shownText(`${t('designer.flow.each')} · ${textOf(Array.isArray(of.items) ? of.items.length : of.items)}`);
    case 'turns':
      return shownText(`${t('designer.flow.turns')} · ≤ ${textOf(of.max)} · ${textOf(of.until)}`);
  }
}

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '?';
