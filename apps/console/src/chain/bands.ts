import type { LiveTask } from '#client';

/** More nodes than this are not drawn: they are gathered in bands of levels. */
export const MOST_NODES = 500;
const MOST_BANDS = 100;
/** Tasks of an open band that are drawn by themselves. */
const OPEN_TASKS = 100;

export interface DrawnNode {
  readonly id: string;
  /** The task; undefined for a band. */
  readonly task: LiveTask | undefined;
  /** What a band gathers. */
  readonly levels: readonly [number, number];
  readonly members: readonly LiveTask[];
}

export interface Drawn {
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly (readonly [string, string])[];
}

/**
 * What is drawn of a chain: each task, or where there are too many a node for each band of levels. One band can be `open`: its
 * tasks are drawn as far as there is room.
 */
export function drawnOf(tasks: readonly LiveTask[], open: number | undefined): Drawn {
  const place = new Map<string, string>();
  const nodes = tasks.length <= MOST_NODES ? tasks.map((task) => nodeOf(task)) : bandsOf(tasks, open);
  for (const { id, members } of nodes) for (const { task_id } of members) place.set(task_id, id);
  const edges = new Map<string, readonly [string, string]>();
  for (const { task_id, depends_on } of tasks) {
    for (const parent of depends_on) {
      const [from, to] = [place.get(parent), place.get(task_id)];
      if (from === undefined || to === undefined || from === to) continue;
      edges.set(JSON.stringify([from, to]), [from, to]);
    }
  }
  return { nodes, edges: [...edges.values()] };
}

const nodeOf = (task: LiveTask): DrawnNode => ({
  id: `task ${task.task_id}`,
  task,
  levels: [task.level, task.level],
  members: [task],
});

function bandsOf(tasks: readonly LiveTask[], open: number | undefined): DrawnNode[] {
  const highest = tasks.reduce((most, { level }) => Math.max(most, level), 0);
  const size = Math.ceil((highest + 1) / MOST_BANDS);
  const bands = new Map<number, LiveTask[]>();
  for (const task of tasks) {
    const band = Math.floor(task.level / size);
    const members = bands.get(band) ?? [];
    bands.set(band, members);
    members.push(task);
  }
  return [...bands].flatMap(([band, members]) => {
    const shown = band === open ? members.slice(0, OPEN_TASKS) : [];
    const rest = members.slice(shown.length);
    const nodes = shown.map((task) => nodeOf(task));
    if (rest.length === 0) return nodes;
    const levels = [band * size, Math.min(highest, (band + 1) * size - 1)] as const;
    return [...nodes, { id: `band ${band}`, task: undefined, levels, members: rest }];
  });
}
