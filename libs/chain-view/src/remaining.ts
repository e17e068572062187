import { elapsedMs, isOver, type ChainView, type TaskView } from './chain.js';

/**
 * Estimates the remaining time of a running chain, in ms: the longer of its longest path, and of all remaining work
 * divided by the number of tasks that have run at once. A running task keeps its pace; a waiting one takes the mean of
 * its type, or of all. Undefined until a task has ended or reports progress.
 */
export function remainingMs(chain: ChainView, now: number): number | undefined {
  if (chain.status !== 'RUNNING') return undefined;
  const ended = chain.tasks.filter(({ status }) => status === 'SUCCESS');
  const took = meansOf(ended, now);
  const rest = new Map<string, number>();
  let sum = 0;
  let longest = 0;
  for (const task of [...chain.tasks].sort((a, b) => a.level - b.level)) {
    const own = restOf(task, took.get(task.task_type) ?? took.get(ALL), now);
    if (own === undefined) return undefined;
    const whole = own + Math.max(0, ...task.depends_on.map((id) => rest.get(id) ?? 0));
    rest.set(task.task_id, whole);
    sum += own;
    longest = Math.max(longest, whole);
  }
  return Math.max(longest, sum / Math.max(1, mostAtOnce(chain.tasks, now)));
}

const ALL = '';

function meansOf(tasks: readonly TaskView[], now: number): Map<string, number> {
  const sums = new Map<string, [ms: number, count: number]>();
  for (const task of tasks) {
    const ms = elapsedMs(task, now) ?? 0;
    for (const key of [task.task_type, ALL]) {
      const [before, count] = sums.get(key) ?? [0, 0];
      sums.set(key, [before + ms, count + 1]);
    }
  }
  return new Map([...sums].map(([type, [ms, count]]) => [type, ms / count]));
}

function restOf(task: TaskView, expected: number | undefined, now: number): number | undefined {
  if (isOver(task.status)) return 0;
  if (task.status !== 'RUNNING') return expected;
  const elapsed = elapsedMs(task, now) ?? 0;
  const progress = task.progress ?? 0;
  if (progress > 0) return (elapsed * (1 - progress)) / progress;
  return expected === undefined ? undefined : Math.max(0, expected - elapsed);
}

function mostAtOnce(tasks: readonly TaskView[], now: number): number {
  const moves = tasks.flatMap(({ started_at, completed_at }) =>
    started_at
      ? [[Date.parse(started_at), 1] as const, [completed_at ? Date.parse(completed_at) : now, -1] as const]
      : [],
  );
  let running = 0;
  let most = 0;
  for (const [, step] of moves.sort(([a, up], [b, other]) => a - b || up - other)) {
    running += step;
    most = Math.max(most, running);
  }
  return most;
}
