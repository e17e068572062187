import type { Chain, Hold, RetryPolicy, SkipReason, Task, TaskError } from '#libs/chain-domain';
import type { StoredConsent } from './chain-writer.js';
import { DEFAULT_RETRY_POLICY, settingsOf } from '#libs/chain-domain';
import type { ChainStatus, TaskStatus, TriggerRule, WireSettings } from '#libs/chain-domain';

/** A row of `load-chains`. */
export interface ChainRow {
  chain_id: string;
  tenant_id: string;
  version: number;
  status: ChainStatus;
  epoch: number;
  total_tasks: number;
  completed_tasks: number;
  failed_tasks: number;
  skipped_tasks: number;
  cancelled_tasks: number;
  tolerated_tasks: number;
  admitted_tasks: number;
  max_parallel: number | null;
  time_left_ms: number | null;
  stop_on_error: boolean;
  timeout_seconds: number;
  approval_timeout_seconds: number;
  error: TaskError | null;
  ended_by: string | null;
  /** Whether some of its tasks say how they are undone. */
  compensates: boolean;
  compensated: boolean;
  parent_chain_id: string | null;
  parent_turn: number | null;
  deadline_ms: string | null;
  now_ms: string;
  lag_ms: string;
}

/** A row of `load-all-tasks`, and part of a row of `load-hop`. */
export interface TaskColumns extends WireSettings {
  id: number;
  chain_id: string;
  task_id: string;
  task_request_id: string;
  task_type: string;
  status: TaskStatus;
  execution_order: number;
  attempt: number;
  run_id: string | null;
  failures: number;
  losses: number;
  pending_dependencies: number;
  succeeded_dependencies: number;
  failed_dependencies: number;
  skipped_dependencies: number;
  trigger_rule: TriggerRule;
  retry_policy: RetryPolicy | null;
  priority: number;
  successors: number[];
  skip_reason: SkipReason | null;
  error: TaskError | null;
  next_attempt_ms: string | null;
  hold: Hold | null;
  approved_attempt: number | null;
  /** The key of a concurrency group. */
  grouped: boolean;
  first_queued_ms: string | null;
  /** Only from `load-all-tasks`. */
  changed_version?: number;
  /** From `load-all-tasks`, and from `load-hop` with a job. */
  predecessors?: number[] | null;
}

export function toChain(row: ChainRow): Chain {
  return {
    status: row.status,
    epoch: row.epoch,
    totalTasks: row.total_tasks,
    completedTasks: row.completed_tasks,
    failedTasks: row.failed_tasks,
    skippedTasks: row.skipped_tasks,
    cancelledTasks: row.cancelled_tasks,
    toleratedTasks: row.tolerated_tasks,
    admittedTasks: row.admitted_tasks,
    maxParallel: row.max_parallel,
    timeLeftMs: row.time_left_ms,
    stopOnError: row.stop_on_error,
    timeoutMs: row.timeout_seconds * 1000,
    approvalMs: row.approval_timeout_seconds * 1000,
    deadlineAt: row.deadline_ms === null ? null : Number(row.deadline_ms),
    error: row.error,
    endedBy: row.ended_by,
    compensated: row.compensated,
    hasParent: row.parent_chain_id !== null,
  };
}

export function toTask(row: TaskColumns): Task {
  return {
    position: row.execution_order,
    taskId: row.task_id,
    taskType: row.task_type,
    status: row.status,
    attempt: row.attempt,
    runId: row.run_id,
    failures: row.failures,
    losses: row.losses,
    parents: {
      pending: row.pending_dependencies,
      succeeded: row.succeeded_dependencies,
      failed: row.failed_dependencies,
      skipped: row.skipped_dependencies,
    },
    triggerRule: row.trigger_rule,
    retry: row.retry_policy ?? DEFAULT_RETRY_POLICY,
    priority: row.priority,
    successors: row.successors,
    ...(row.predecessors && { predecessors: row.predecessors }),
    ...settingsOf(row),
    hold: row.hold,
    firstQueuedAt: row.first_queued_ms === null ? null : Number(row.first_queued_ms),
    skipReason: row.skip_reason,
    nextAttemptAt: row.next_attempt_ms === null ? null : Number(row.next_attempt_ms),
    approvedAttempt: row.approved_attempt,
    error: row.error,
  };
}

/** The payload of a task's job, without ids. */
export interface JobColumns {
  predecessors: number[];
  referenced: number[];
  timeout_seconds: number | null;
  conditions: string[];
  params: unknown;
  /** The trace context of the request that created the chain, if it was traced. */
  traceparent: string | null;
  /** Null where no task of the chain has parties. */
  consent: StoredConsent | null;
  /** References to artifacts of other chains that the task may read. */
  handed: readonly string[] | null;
}

/**
 * A row of `load-hop`: a task, the columns of its chain as `c_<column>` beside one of its tasks, and those of its job
 * where it may become ready.
 */
export type HopRow = TaskColumns & { readonly [column in `c_${keyof ChainRow}`]: unknown } & {
  readonly [column in keyof JobColumns]: JobColumns[column] | null;
};

/** The payload of the job of a hop's task, or undefined if it was not requested. */
export function jobOfHop(row: HopRow): JobColumns | undefined {
  const { predecessors, referenced, conditions, timeout_seconds, params, traceparent, consent, handed } = row;
  if (predecessors === null || referenced === null || conditions === null) return undefined;
  return { predecessors, referenced, timeout_seconds, conditions, params, traceparent, consent, handed };
}

/** The chain of a hop's row. */
export function chainOfHop(row: HopRow): ChainRow {
  const chain: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(row)) if (column.startsWith('c_')) chain[column.slice(2)] = value;
  return chain as unknown as ChainRow;
}
