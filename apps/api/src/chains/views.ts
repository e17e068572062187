import type { ChainView, TaskView } from '#libs/repositories';
import type { ChainSummaryDto, FailureDto, TaskDto, WaitingDto } from './chains.dto.js';

const NAMED_PARENTS = 5;

/** A chain's row as the API answers it. */
export function chainSummary(row: ChainView): ChainSummaryDto {
  const { id: _id, stop_on_error: _stop, timeout_seconds: _timeout, ...rest } = row;
  const finished = row.completed_tasks + row.failed_tasks + row.skipped_tasks + row.cancelled_tasks;
  return {
    ...rest,
    progress: row.total_tasks === 0 ? 0 : Math.round((10_000 * finished) / row.total_tasks) / 100,
    created_at: row.created_at.toISOString(),
    started_at: iso(row.started_at),
    completed_at: iso(row.completed_at),
    updated_at: row.updated_at.toISOString(),
    deadline_at: iso(row.deadline_at),
    error: row.error as unknown as FailureDto | null,
  };
}

/** A task's row as the API answers it; `statusOf` gives the status of its parents. */
export function taskDto(row: TaskView, chainStatus: string, statusOf: (taskId: string) => string | undefined): TaskDto {
  const { next_attempt_at: _next, timeout_seconds: _timeout, changed_version: _version, ...rest } = row;
  return {
    ...rest,
    created_at: row.created_at.toISOString(),
    queued_at: iso(row.queued_at),
    started_at: iso(row.started_at),
    completed_at: iso(row.completed_at),
    error: row.error as unknown as FailureDto | null,
    waiting: waitingOf(row, chainStatus, statusOf),
  };
}

/** The tasks of a chain, each with why it waits. */
export function taskDtos(rows: readonly TaskView[], chainStatus: string): TaskDto[] {
  const statuses = new Map(rows.map((row) => [row.task_id, row.status]));
  return rows.map((row) => taskDto(row, chainStatus, (id) => statuses.get(id)));
}

/**
 * Why a task waits, in words and as a code; null when it does not. Made from the rows as they are at the read, so
 * that it is never out of date.
 */
function waitingOf(
  row: TaskView,
  chainStatus: string,
  statusOf: (taskId: string) => string | undefined,
): WaitingDto | null {
  switch (row.status) {
    case 'PENDING': {
      if (chainStatus === 'PENDING') {
        return { code: 'CHAIN_NOT_STARTED', message: 'the chain is not started: POST /chains/{chain_id}/execute' };
      }
      const parents = row.depends_on.filter((id) => !FINISHED.has(statusOf(id) ?? ''));
      const more = parents.length > NAMED_PARENTS ? ` and ${parents.length - NAMED_PARENTS} more` : '';
      const message = `waits for ${parents.slice(0, NAMED_PARENTS).join(', ')}${more}`;
      return { code: 'WAITING_FOR_PARENTS', message, parents };
    }
    case 'READY':
      return chainStatus === 'PAUSED'
        ? { code: 'CHAIN_PAUSED', message: 'the chain is paused' }
        : {
            code: 'WAITING_FOR_ROOM',
            message: `all slots of task type ${row.task_type} are taken, or no worker runs it`,
          };
    case 'QUEUED':
      return { code: 'IN_QUEUE', message: `waits in the queue for a free slot of task type ${row.task_type}` };
    case 'RETRYING': {
      const until = row.next_attempt_at!.toISOString();
      return { code: 'BACKOFF', message: `failed ${row.failures} times; the next try is due at ${until}`, until };
    }
    default:
      return null;
  }
}

const FINISHED = new Set(['SUCCESS', 'FAILURE', 'SKIPPED', 'CANCELLED']);

function iso(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}
