import type { AttemptDto, LiveTask } from '#client';

/** An attempt on the axis of time, ms. `started` is its end where it never ran. */
export interface Segment {
  readonly attempt: number;
  readonly outcome: string;
  readonly queued: number;
  readonly started: number;
  readonly ended: number;
}

/** An attempt that has ended; nothing of one whose times are unknown. */
export function segmentOf({ attempt, outcome, queued_at, started_at, finished_at }: AttemptDto): Segment[] {
  const begin = queued_at ?? started_at;
  if (begin === null || finished_at === null) return [];
  const ended = Date.parse(finished_at);
  const queued = Math.min(Date.parse(begin), ended);
  return [{ attempt, outcome, queued, started: started_at === null ? ended : Date.parse(started_at), ended }];
}

/** The last attempt of a task, which may still go on; undefined where it was never tried. */
export function lastAttempt(task: LiveTask, now: number): Segment | undefined {
  const begin = task.queued_at ?? task.started_at;
  if (begin === null) return undefined;
  const queued = Date.parse(begin);
  const ended = endOf(task, queued, now);
  const started = task.started_at === null ? ended : Date.parse(task.started_at);
  return { attempt: task.attempt, outcome: task.status, queued, started, ended };
}

/** A task that waits to be tried again has ended its attempt, and the time of that is unknown here: no more than a trace is shown. */
function endOf(task: LiveTask, queued: number, now: number): number {
  if (task.completed_at !== null) return Date.parse(task.completed_at);
  if (task.status === 'RUNNING' || task.status === 'QUEUED') return Math.max(now, queued);
  return Date.parse((task.started_at ?? task.queued_at)!);
}
