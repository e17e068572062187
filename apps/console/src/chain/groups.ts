import type { LiveTask } from '#client';

/** More nodes than this are not drawn: they are gathered in groups. */
export const MOST_NODES = 500;
const MOST_GROUPS = 50;
/** Tasks of an open group that are drawn by themselves, at a time. */
const OPEN_TASKS = 50;

/** By what tasks are gathered: bands of levels, the parties that take part, the name up to its number. */
export const GROUPINGS = ['level', 'party', 'name'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface DrawnNode {
  readonly id: string;
  /** The task; undefined for a group. */
  readonly task: LiveTask | undefined;
  /** What a group has in common: its first and last level, or the parties or the name; empty for the rest. */
  readonly common: readonly [number, number] | string;
  readonly members: readonly LiveTask[];
}

export interface Drawn {
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly (readonly [string, string])[];
}

export interface Gathered {
  readonly by: Grouping;
  /** The node whose tasks are drawn, as far as there is room: its first ones on page 0. */
  readonly open: { readonly id: string; readonly page: number } | undefined;
  /** Tasks that are drawn first of an open group. */
  readonly isFirst: (task: LiveTask) => boolean;
  readonly partiesOf: (taskId: string) => readonly string[];
}

/** What is drawn of a chain: each task, or where there are too many a node for each group. */
export function drawnOf(tasks: readonly LiveTask[], how: Gathered): Drawn {
  const place = new Map<string, string>();
  const nodes = tasks.length <= MOST_NODES ? tasks.map((task) => nodeOf(task)) : groupsOf(tasks, how);
  for (const { id, members } of nodes) for (const { task_id } of members) place.set(task_id, id);
  const edges = new Map<string, readonly [string, string]>();
  for (const { task_id, depends_on } of tasks) {
    const to = place.get(task_id);
    for (const parent of depends_on) {
      const from = place.get(parent);
      if (from === undefined || to === undefined || from === to) continue;
      edges.set(`${from}\0${to}`, [from, to]);
    }
  }
  return { nodes, edges: [...edges.values()] };
}

/** The id of the group of a task; undefined where each task is drawn. */
export function groupOf(tasks: readonly LiveTask[], task: LiveTask, how: Gathered): string | undefined {
  if (tasks.length <= MOST_NODES) return undefined;
  const none = { ...how, open: undefined };
  return groupsOf(tasks, none).find(({ members }) => members.includes(task))?.id;
}

const nodeOf = (task: LiveTask): DrawnNode => ({ id: `task ${task.task_id}`, task, common: '', members: [task] });

function groupsOf(tasks: readonly LiveTask[], { by, open, isFirst, partiesOf }: Gathered): DrawnNode[] {
  const highest = tasks.reduce((most, { level }) => Math.max(most, level), 0);
  const size = Math.ceil((highest + 1) / MOST_GROUPS);
  const keyOf = (task: LiveTask): string => {
    if (by === 'level') return String(Math.floor(task.level / size));
    return by === 'party' ? partiesOf(task.task_id).join(', ') : nameOf(task);
  };
  const groups = new Map<string, LiveTask[]>();
  for (const task of tasks) {
    const key = keyOf(task);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [task]);
    else members.push(task);
  }
  const inOrder = by === 'level' ? [...groups].sort(([a], [b]) => Number(a) - Number(b)) : largest(groups);
  return inOrder.flatMap(([key, members]) => {
    const id = `group ${by} ${key}`;
    const [shown, rest] = id === open?.id ? partOf(members, open.page, isFirst) : [[], members];
    const nodes = shown.map((task) => nodeOf(task));
    if (rest.length === 0) return nodes;
    const band = Number(key) * size;
    const common = by === 'level' ? ([band, Math.min(highest, band + size - 1)] as const) : key;
    return [...nodes, { id, task: undefined, common, members: rest }];
  });
}

/** The tasks on a page of an open group, and the others. After the last page comes the first. */
function partOf(members: readonly LiveTask[], page: number, isFirst: Gathered['isFirst']) {
  const inOrder = [...members].sort((a, b) => Number(isFirst(b)) - Number(isFirst(a)));
  const from = (page % Math.ceil(members.length / OPEN_TASKS)) * OPEN_TASKS;
  const shown = inOrder.splice(from, OPEN_TASKS);
  return [shown, inOrder] as const;
}

/** `train[3]`, `train-3` and `train 3` are all `train`. */
const nameOf = ({ task_name, task_id }: LiveTask): string =>
  (task_name || task_id).slice(0, 80).replace(/[\s._#[(-]*\d+[\])]?$/, '');

/** At most `MOST_GROUPS`; the smallest are gathered under an empty key. */
function largest(groups: Map<string, LiveTask[]>): (readonly [string, LiveTask[]])[] {
  if (groups.size <= MOST_GROUPS) return [...groups];
  const bySize = [...groups].sort(([, a], [, b]) => b.length - a.length);
  const kept = bySize.slice(0, MOST_GROUPS - 1).filter(([key]) => key !== '');
  const rest = [
    ...(groups.get('') ?? []),
    ...bySize.slice(MOST_GROUPS - 1).flatMap(([key, all]) => (key === '' ? [] : all)),
  ];
  return [...kept, ['', rest]];
}
