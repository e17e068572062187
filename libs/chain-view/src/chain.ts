/** A task, as GET /api/v1/chains/{id} shows it. */
export interface TaskView {
  readonly task_id: string;
  readonly task_type: string;
  readonly status: string;
  /** The level in the graph, from 0. */
  readonly level: number;
  readonly attempt?: number;
  /** 0 to 1 of the attempt under way. */
  readonly progress?: number | null;
  readonly progress_stage?: string | null;
  readonly started_at?: string | null;
  readonly completed_at?: string | null;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly depends_on: readonly string[];
}

/** A chain, as GET /api/v1/chains/{id} shows it. */
export interface ChainView {
  readonly chain_id: string;
  readonly chain_name: string;
  readonly status: string;
  /** 0 to 100. */
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

/** The tasks by level, in the chain's order. */
export function levelsOf(tasks: readonly TaskView[]): TaskView[][] {
  const levels: TaskView[][] = [];
  for (const task of tasks) (levels[task.level] ??= []).push(task);
  return levels;
}

/** Its run time so far, in ms; undefined before it starts. */
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
