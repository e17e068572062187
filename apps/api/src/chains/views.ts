import { readQueues } from '#libs/repositories';
import type { ChainView, Queryable, TaskView } from '#libs/repositories';
import type { ChainSummaryDto, FailureDto, TaskDto } from './chains.dto.js';
import { waitingOf, waitsForWorker, type Surroundings } from './waiting.js';

/** A chain's row as the API answers it. */
export function chainSummary(row: ChainView): ChainSummaryDto {
  const { id: _id, stop_on_error: _stop, timeout_seconds: _timeout, admitted_tasks: _admitted, ...rest } = row;
  const finished = row.completed_tasks + row.failed_tasks + row.skipped_tasks + row.cancelled_tasks;
  return {
    ...rest,
    progress: row.total_tasks === 0 ? 0 : Math.round((10_000 * finished) / row.total_tasks) / 100,
    error: row.error as unknown as FailureDto | null,
  };
}

/** A task's row as the API answers it. */
export function taskDto(row: TaskView, around: Surroundings): TaskDto {
  const {
    next_attempt_at: _next,
    timeout_seconds: _timeout,
    changed_version: _version,
    succeeded_dependencies: _succeeded,
    ...rest
  } = row;
  const error = row.error as unknown as FailureDto | null;
  return Object.assign(rest, { error, waiting: waitingOf(row, around) });
}

/** The tasks of a chain, each with why it waits. */
export async function taskDtos(db: Queryable, chain: ChainView, rows: readonly TaskView[]): Promise<TaskDto[]> {
  const statuses = new Map(rows.map((row) => [row.task_id, row.status]));
  const queues = await readQueues(db, chain.chain_id, typesOf(rows));
  return rows.map((row) => taskDto(row, { chain, statusOf: (id) => statuses.get(id), queues }));
}

/** The task types of which tasks wait for a worker. */
export function typesOf(rows: readonly TaskView[]): string[] {
  return [...new Set(rows.filter(waitsForWorker).map((row) => row.task_type))];
}
