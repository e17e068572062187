import type { TFunction } from 'i18next';
import type { LiveTask } from '#client';
import { shownText } from '../view/name.js';
import { framesOf, runOnlyUnder, type Frame, type Group } from './frames.js';

/** Why tasks of a chain have a frame: a condition of an if/else, or they are the instances of one. */
export type LiveFramed =
  | { readonly kind: 'if'; readonly when: string }
  | { readonly kind: 'each'; readonly task: string; readonly count: number };

/**
 * The frames of a chain that runs: for a condition of which another one is the opposite, as branches are written out, around what runs only
 * where it holds; and around the instances of a task with the one that collects their results.
 */
export function liveFrames(tasks: readonly LiveTask[]): Frame<LiveFramed>[] {
  const arms = armsAmong(new Set(tasks.flatMap(({ conditions }) => conditions)));
  const conditional = runOnlyUnder(
    tasks.map(({ task_id: id, depends_on: parents, trigger_rule: rule, conditions }) => ({
      ...{ id, parents, rule },
      under: conditions.flatMap((each) => arms.get(each) ?? []),
    })),
  );
  return framesOf([...conditional, ...tasks.flatMap((task) => instancesOf(task))]);
}

/** The conditions that are arms: each but the first one says that the first does not hold. */
function armsAmong(conditions: ReadonlySet<string>): Map<string, LiveFramed> {
  const others = [...conditions].filter((each) => each.startsWith('!('));
  const arms = new Map<string, LiveFramed>();
  if (others.length === 0) return arms;
  for (const first of conditions) {
    const later = others.filter((each) => each.startsWith(`!(${first})`));
    if (later.length > 0) for (const when of [first, ...later]) arms.set(when, { kind: 'if', when });
  }
  return arms;
}

function instancesOf({ task_id: id, task_type: type, depends_on }: LiveTask): Group<LiveFramed>[] {
  if (type !== 'for_each') return [];
  const instances = depends_on.filter((each) => each.startsWith(`${id}[`));
  return [{ of: { kind: 'each', task: id, count: instances.length }, tasks: new Set([id, ...instances]) }];
}

/** What stands at a frame. */
export function liveTitle(of: LiveFramed, t: TFunction): string {
  if (of.kind === 'if') return t('frames.only', { when: shownText(of.when, 300) });
  const task = shownText(of.task, 60);
  return of.count === 0 ? t('frames.later', { task }) : t('frames.each', { task, count: of.count });
}
