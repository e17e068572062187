/** A task, as GET /api/v1/chains/{id} shows it. */
export interface TaskView {
  readonly task_id: string;
  readonly task_name?: string;
  readonly task_type: string;
  readonly status: string;
  readonly attempt?: number;
  /** 0 to 100. */
  readonly progress?: number | null;
  readonly progress_stage?: string | null;
  readonly started_at?: string | null;
  readonly completed_at?: string | null;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly depends_on?: readonly (string | { readonly task_id: string })[];
}

/** A chain, as GET /api/v1/chains/{id} shows it. */
export interface ChainView {
  readonly chain_id: string;
  readonly chain_name: string;
  readonly status: string;
  readonly progress?: number;
  readonly started_at?: string | null;
  readonly completed_at?: string | null;
  readonly tasks: readonly TaskView[];
}

const TERMINAL = new Set(['SUCCESS', 'FAILURE', 'CANCELLED', 'SKIPPED']);

/** Whether nothing more happens to a chain or task in this state. */
export function isOver(status: string): boolean {
  return TERMINAL.has(status);
}

/** The ids of the tasks that a task depends on. */
export function parentsOf(task: TaskView): string[] {
  return (task.depends_on ?? []).map((parent) => (typeof parent === 'string' ? parent : parent.task_id));
}

/** The tasks by level: a task stands one below the lowest of its parents. The order within a level is the chain's. */
export function levelsOf(tasks: readonly TaskView[]): TaskView[][] {
  const byId = new Map(tasks.map((task) => [task.task_id, task]));
  const known = new Map<string, number>();
  const levelOf = (task: TaskView, path: ReadonlySet<string>): number => {
    const found = known.get(task.task_id);
    if (found !== undefined) return found;
    const below = new Set(path).add(task.task_id);
    const parents = parentsOf(task).flatMap((id) => (below.has(id) ? [] : (byId.get(id) ?? [])));
    const level = Math.max(-1, ...parents.map((parent) => levelOf(parent, below))) + 1;
    known.set(task.task_id, level);
    return level;
  };
  const levels: TaskView[][] = [];
  for (const task of tasks) (levels[levelOf(task, new Set())] ??= []).push(task);
  return levels;
}

/** How long it has run or ran, in ms; undefined before it starts. */
export function elapsedMs(of: Pick<TaskView, 'started_at' | 'completed_at'>, now: number): number | undefined {
  if (!of.started_at) return undefined;
  const end = of.completed_at ? Date.parse(of.completed_at) : now;
  return Math.max(0, end - Date.parse(of.started_at));
}

/** Why a task failed, in words. */
export function errorText(error: unknown): string {
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null) return '';
  const { code, message } = error as { code?: unknown; message?: unknown };
  return [code, message].filter((part) => typeof part === 'string').join(': ') || JSON.stringify(error);
}
