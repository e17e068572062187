import type { TaskStatus } from './states.js';

/** What moves a task. */
export const TASK_CAUSES = [
  'ChainStarted',
  'ParentFinished',
  'Dispatched',
  'Started',
  'Succeeded',
  'Failed',
  'Lost',
  'BackoffOver',
  'ChainStopped',
] as const;
export type TaskCause = (typeof TASK_CAUSES)[number];

/**
 * The task state machine: for each status and cause, the statuses it may lead to. What is not here does not happen:
 * `decide` checks every move against it, and the chart in ARCHITECTURE.md is made from it (`lifecycleChart`).
 */
export const TASK_TRANSITIONS: Readonly<
  Record<TaskStatus, Readonly<Partial<Record<TaskCause, readonly TaskStatus[]>>>>
> = {
  PENDING: {
    ChainStarted: ['READY'],
    ParentFinished: ['READY', 'SKIPPED'],
    ChainStopped: ['SKIPPED'],
  },
  READY: { Dispatched: ['QUEUED'], ChainStopped: ['SKIPPED'] },
  QUEUED: {
    Started: ['RUNNING'],
    Succeeded: ['SUCCESS'],
    Failed: ['RETRYING', 'FAILURE'],
    Lost: ['READY', 'FAILURE'],
    ChainStopped: ['CANCELLED'],
  },
  RUNNING: {
    Succeeded: ['SUCCESS'],
    Failed: ['RETRYING', 'FAILURE'],
    Lost: ['READY', 'FAILURE'],
    ChainStopped: ['CANCELLED'],
  },
  RETRYING: { BackoffOver: ['READY'], ChainStopped: ['SKIPPED'] },
  SUCCESS: {},
  FAILURE: {},
  SKIPPED: {},
  CANCELLED: {},
};

/** Whether the table allows the move. */
export function mayMove(from: TaskStatus, cause: TaskCause, to: TaskStatus): boolean {
  return TASK_TRANSITIONS[from][cause]?.includes(to) ?? false;
}

/** The table as a Mermaid state diagram. */
export function lifecycleChart(): string {
  const lines = ['stateDiagram-v2', '    [*] --> PENDING'];
  for (const [from, causes] of Object.entries(TASK_TRANSITIONS)) {
    const targets = new Map<TaskStatus, TaskCause[]>();
    for (const [cause, tos] of Object.entries(causes)) {
      for (const to of tos) targets.set(to, [...(targets.get(to) ?? []), cause as TaskCause]);
    }
    for (const [to, by] of targets) lines.push(`    ${from} --> ${to}: ${by.join(', ')}`);
    if (targets.size === 0) lines.push(`    ${from} --> [*]`);
  }
  return lines.join('\n') + '\n';
}
