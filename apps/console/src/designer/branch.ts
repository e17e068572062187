import { isFields, parentOf, type Draft, type Fields } from './draft.js';
import { connect, disconnect, editTask } from './edits.js';

/** An arm of a branch; `when` is undefined where it is taken because no other is. */
export interface Arm {
  readonly when: string | undefined;
  readonly tasks: readonly string[];
}
/** The API takes no more. */
export const MOST_ARMS = 32;

/** The arms of a branch in order; undefined where it is written in a way that a form would not keep. */
export function readArms(branch: unknown): readonly Arm[] | undefined {
  if (branch === undefined) return [];
  if (!Array.isArray(branch)) return undefined;
  const arms = branch.map((arm: unknown): Arm | undefined => {
    if (!isFields(arm)) return undefined;
    const { when = '', then, else: otherwise, ...others } = arm;
    const tasks = otherwise ?? then ?? [];
    const isMixed = otherwise !== undefined && (then !== undefined || arm['when'] !== undefined);
    if (isMixed || typeof when !== 'string' || !isTexts(tasks) || Object.keys(others).length > 0) return undefined;
    return { when: otherwise === undefined ? when : undefined, tasks };
  });
  return arms.every((arm) => arm !== undefined) ? arms : undefined;
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

/** The same as a task has it: without an arm it has no branch. */
export const writtenArms = (arms: readonly Arm[]): readonly Fields[] | undefined =>
  arms.length === 0
    ? undefined
    : arms.map(({ when, tasks }) => (when === undefined ? { else: tasks } : { when, then: tasks }));

/** Arms with a new one for a condition: what is taken otherwise stays the last. */
export function withNewArm(arms: readonly Arm[]): readonly Arm[] {
  const at = arms.at(-1)?.when === undefined && arms.length > 0 ? arms.length - 1 : arms.length;
  return arms.toSpliced(at, 0, { when: '', tasks: [] });
}

/** Whether an arm can change places with the one after it: what is taken otherwise stays the last. */
export const canGoDown = (arms: readonly Arm[], index: number): boolean =>
  index + 1 < arms.length && !(index + 2 === arms.length && arms[index + 1]!.when === undefined);

export const swapped = (arms: readonly Arm[], index: number): readonly Arm[] =>
  arms.toSpliced(index, 2, arms[index + 1]!, arms[index]!);

const branchOf = (draft: Draft, id: string): readonly Arm[] | undefined =>
  readArms(draft.tasks.find(({ task_id }) => task_id === id)?.['branch']);

/** In which arms of a task another one stands, by their places; undefined where the arms cannot be chosen. */
export function placesIn(draft: Draft, from: string, to: string): readonly number[] | undefined {
  return branchOf(draft, from)?.flatMap(({ tasks }, index) => (tasks.includes(to) ? [index] : []));
}

/**
 * Lets a task run in these arms of another, and in no others. Without any it waits for the other task all the same; with some a dependency that asks
 * nothing is left out, as the arms say it.
 */
export function setPlaces(draft: Draft, from: string, to: string, places: readonly number[]): Draft {
  const arms = branchOf(draft, from);
  if (arms === undefined) return draft;
  const next = arms.map((arm, index): Arm => {
    if (arm.tasks.includes(to) === places.includes(index)) return arm;
    const tasks = places.includes(index) ? [...arm.tasks, to] : arm.tasks.filter((each) => each !== to);
    return { ...arm, tasks };
  });
  const changed = editTask(draft, from, { branch: writtenArms(next) });
  if (places.length === 0) return connect(changed, from, to);
  const known = draft.tasks.find(({ task_id }) => task_id === to)?.depends_on.find((each) => parentOf(each) === from);
  return typeof known === 'string' ? disconnect(changed, from, to) : changed;
}

/** Takes a task out of all arms of another. An arm without a task stays: its condition is not lost, and the API asks for a task. */
export function takeOut(draft: Draft, from: string, to: string): Draft {
  const branch = draft.tasks.find(({ task_id }) => task_id === from)?.['branch'];
  if (!Array.isArray(branch)) return draft;
  const without = (tasks: unknown) => (Array.isArray(tasks) ? tasks.filter((each) => each !== to) : tasks);
  const next = branch.map((arm: unknown) =>
    isFields(arm)
      ? {
          ...arm,
          ...('then' in arm && { then: without(arm['then']) }),
          ...('else' in arm && { else: without(arm['else']) }),
        }
      : arm,
  );
  return editTask(draft, from, { branch: next });
}

/** Draws an edge: into the first arm that still has no task, else as a dependency, which the form of the edge turns into an arm. */
export function drawEdge(draft: Draft, from: string, to: string): Draft {
  if (from === to) return draft;
  const empty = branchOf(draft, from)?.findIndex(({ tasks }) => tasks.length === 0) ?? -1;
  if (empty < 0) return connect(draft, from, to);
  return setPlaces(draft, from, to, [...(placesIn(draft, from, to) ?? []), empty]);
}
